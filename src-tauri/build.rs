//! Embeds the window's page, icon and configuration.

use std::env::var;

fn main() {
    // What is compiled to the same code need not be there twice: the program's code is a part of its memory. Rust's own linker for
    // this target can fold it; others may not know the option.
    if var("PROFILE").as_deref() == Ok("release") && var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu") {
        println!("cargo::rustc-link-arg=-Wl,--icf=all");
    }
    tauri_build::build();
}
