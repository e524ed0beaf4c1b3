//! What the page's webview is told before it is made.

/// WebKit on Linux compiles what a page does often a third and a fourth time, optimised. For this page that takes 10 MB of
/// memory and nothing becomes quicker: what is much work is done by the core. Who sets the variable decides otherwise.
#[cfg(target_os = "linux")]
pub fn prepare() {
    if let Err(error) = glib::setenv(sternway_core::OF_THE_PAGE, "0", false) {
        eprintln!("sternway-desktop: {error}");
    }
}

/// The other systems' webviews have nothing that can be told so.
#[cfg(not(target_os = "linux"))]
pub fn prepare() {}
