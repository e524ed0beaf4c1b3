"""The page as HTML."""

import os
import socket
from html import escape
from string import Template

from shop import VERSION

# Each environment has a colour, so that nobody mistakes one for another.
COLOURS = {"development": "#2f7d5b", "staging": "#8a6d1d", "production": "#a33b2e"}

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chandlery · $environment</title>
<style>
  :root { color-scheme: light dark; --paper: #f7f4ee; --ink: #1d2a35; --quiet: #5d6b76; --card: #fff; --line: #e2dccf; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #131b22; --ink: #e8e4da; --quiet: #9aa7b1; --card: #1b262f; --line: #2c3944; }
  }
  * { box-sizing: border-box; margin: 0; }
  body { background: var(--paper); color: var(--ink); font: 16px/1.55 ui-serif, Georgia, serif; }
  header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.5rem; }
  .band { background: $colour; color: #fff; font: 600 .8rem/1 ui-sans-serif, system-ui, sans-serif; letter-spacing: .06em; }
  .band p { max-width: 62rem; margin: 0 auto; padding: .7rem 1.5rem; text-transform: uppercase; }
  header { padding-top: 3.5rem; padding-bottom: 2.5rem; }
  h1 { font-size: clamp(2rem, 5vw, 3.2rem); font-weight: 500; line-height: 1.1; text-wrap: balance; }
  header p { color: var(--quiet); margin-top: .8rem; font-size: 1.1rem; }
  main { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
  article { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem;
            display: flex; flex-direction: column; }
  h2 { font-size: 1.25rem; font-weight: 600; }
  article p { color: var(--quiet); margin: .4rem 0 1.4rem; }
  article div { display: flex; justify-content: space-between; align-items: baseline; margin-top: auto; }
  strong { font-size: 1.2rem; font-variant-numeric: tabular-nums; }
  small { font: .85rem ui-sans-serif, system-ui, sans-serif; color: var(--quiet); }
  small.last { color: #c2602f; }
  footer { font: .85rem ui-sans-serif, system-ui, sans-serif; color: var(--quiet); padding-top: 2.5rem; padding-bottom: 3rem; }
  dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; border-top: 1px solid var(--line); padding-top: 1rem; }
  dt, dd { display: inline; } dt::after { content: ": "; } dd { color: var(--ink); }
</style>
</head>
<body>
<div class="band"><p>$environment</p></div>
<header>
  <h1>$greeting</h1>
  <p>A ship chandler's shop with $count things to sell.</p>
</header>
<main>
$products
</main>
<footer>
  <dl>
    <div><dt>version</dt><dd>$version</dd></div>
    <div><dt>container</dt><dd>$container</dd></div>
    <div><dt>database</dt><dd>$migration</dd></div>
    <div><dt>log level</dt><dd>$log_level</dd></div>
  </dl>
</footer>
</body>
</html>
""")

PRODUCT = Template("""  <article>
    <h2>$name</h2>
    <p>$description</p>
    <div><strong>$price</strong>$stock</div>
  </article>""")


def render(products, migration):
    """The page with these products, as rows of name, description, price in cents and stock."""
    environment = os.environ["SHOP_ENVIRONMENT"]
    return PAGE.substitute(
        environment=escape(environment),
        colour=COLOURS.get(environment, "#39516b"),
        greeting=escape(os.environ["GREETING"]),
        count=len(products),
        products="\n".join(product(*row) for row in products),
        version=escape(VERSION),
        container=escape(socket.gethostname()),
        migration=escape(migration),
        log_level=escape(os.environ["LOG_LEVEL"]),
    )


def product(name, description, price_cents, stock):
    """A product's card."""
    left = "<small>in stock</small>" if stock > 3 else f'<small class="last">only {stock} left</small>'
    return PRODUCT.substitute(
        name=escape(name),
        description=escape(description),
        price=f"{price_cents / 100:.2f} {escape(os.environ['CURRENCY'])}",
        stock=left,
    )
