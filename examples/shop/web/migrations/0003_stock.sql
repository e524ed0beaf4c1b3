ALTER TABLE products ADD COLUMN stock integer NOT NULL DEFAULT 0 CHECK (stock >= 0);

UPDATE products SET stock = CASE name
    WHEN 'Brass bell' THEN 12
    WHEN 'Signal lamp' THEN 3
    WHEN 'Chart of the coast' THEN 40
    WHEN 'Sou''wester' THEN 25
    ELSE 1
END;
