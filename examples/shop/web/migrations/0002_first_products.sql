INSERT INTO products (name, description, price_cents) VALUES
    ('Brass bell', 'Polished, with a rope of three strands. Heard in any fog.', 4900),
    ('Signal lamp', 'Oil or battery. Green to starboard, red to port.', 7250),
    ('Chart of the coast', 'Depths in fathoms, on paper that survives a wave.', 1850),
    ('Oak rudder', 'Cut from one piece. It steers both ways.', 18900),
    ('Compass', 'In a gimbal, so that it stays level when you do not.', 12400),
    ('Sou''wester', 'Keeps the rain out of the collar, even going astern.', 3600);
