CREATE TABLE products (
    id serial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents > 0)
);
