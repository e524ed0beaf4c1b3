//! What starts of the program ask for. There is one window: a later start hands its command line to it and ends.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tauri::ipc::Channel;

/// Which project the window is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// The one that it shows already, or none.
    Last,
    /// A copy of the sample: `--sample`.
    Sample,
    /// This one: `--project DIR`.
    Project(PathBuf),
}

impl Launch {
    /// From a command line without the program's name. A relative folder is meant from where the program was started.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, from: &Path) -> Self {
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--sample" {
                return Self::Sample;
            }
            if argument == "--project"
                && let Some(folder) = arguments.next()
            {
                return Self::Project(from.join(folder));
            }
        }
        Self::Last
    }
}

/// What is printed instead of opening a window.
pub fn told(arguments: impl IntoIterator<Item = OsString>) -> Option<String> {
    let version = concat!("sternway-desktop ", env!("CARGO_PKG_VERSION"));
    arguments.into_iter().find_map(|argument| match argument.to_str()? {
        "--version" | "-V" => Some(version.to_owned()),
        "--help" | "-h" => Some(format!(
            "{version}\n\nOpens the window; on the terminal, `sternway` does the same.\n\n\
             Usage: sternway-desktop [--project DIR | --sample]\n\n\
             \x20 --project DIR  the project in this folder, instead of the last one\n\
             \x20 --sample       a copy of the sample project"
        )),
        _ => None,
    })
}

/// The newest start, and the page that wants to hear of the next one.
pub struct Launches {
    newest: Mutex<Launch>,
    page: Mutex<Option<Channel<()>>>,
}

impl Launches {
    /// The window's own start.
    pub fn new(launch: Launch) -> Self {
        Self { newest: Mutex::new(launch), page: Mutex::default() }
    }

    /// What the newest start asks for.
    pub fn newest(&self) -> Launch {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A later start, of which the page is told. One that comes before the page is there is what the page begins with.
    ///
    /// # Errors
    /// If the page cannot be told.
    pub fn again(&self, launch: Launch) -> tauri::Result<()> {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = launch;
        match &*self.page.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(page) => page.send(()),
            None => Ok(()),
        }
    }

    /// The page that is told from now on; the one before was reloaded.
    pub fn tell(&self, page: Channel<()>) {
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_meant_from_where_the_program_was_started() {
        let read = |arguments: &[&str]| Launch::read(arguments.iter().map(OsString::from), Path::new("/home/anna"));
        assert_eq!(read(&["--project", "shop"]), Launch::Project("/home/anna/shop".into()));
        assert_eq!(read(&["--project", "/srv/shop"]), Launch::Project("/srv/shop".into()));
        assert_eq!(read(&["--sample"]), Launch::Sample);
        assert_eq!(read(&["--project"]), Launch::Last, "no folder was named");
    }
}
