# Shared by the scripts of this folder: where things are kept, and how a script talks. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

# shellcheck disable=SC2034 # the scripts use it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sternway
# Outside the checkout, so that a fresh clone starts warm.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
PATH=$cache/node/bin:$cache/cargo-deny/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH
export PATH
# Set by scripts/setup where the machine's own Rust is too old.
if [ -f "$cache/rust-toolchain" ]; then
  RUSTUP_TOOLCHAIN=$(<"$cache/rust-toolchain")
  export RUSTUP_TOOLCHAIN
fi

# One line about a step.
step() { printf '· %s\n' "$*"; }

# What is wrong, what to do about it, and the end.
die() {
  printf '✗ %s\n' "$*" >&2
  exit 1
}

# Whether a program is on the path.
has() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# Runs a command as root: as we are, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif has sudo; then
    sudo "$@"
  else
    die "this needs root, and there is no sudo: $*"
  fi
}

# The page's packages, and the page itself in ui/dist; each only where something changed since.
build_page() {
  local wanted
  wanted=$(cksum <"$root/ui/package-lock.json")
  if [ "$wanted" != "$(cat "$root/ui/node_modules/.installed" 2>/dev/null || true)" ]; then
    step "installing the page's packages"
    (cd "$root/ui" && npm ci --no-fund --no-audit --loglevel=error >/dev/null) || die "npm could not install the page's packages"
    echo "$wanted" >"$root/ui/node_modules/.installed"
  fi
  if [ ! -e "$root/ui/dist/index.html" ] ||
    [ -n "$(find "$root"/ui -path "$root/ui/node_modules" -prune -o -path "$root/ui/dist" -prune \
      -o -type f -newer "$root/ui/dist/index.html" -print -quit)" ]; then
    step "building the page"
    (cd "$root/ui" && npm run --silent build -- --logLevel warn) || die "the page could not be built"
  fi
}
