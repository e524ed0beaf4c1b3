//! From file to text.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::yaml::Mark;
use crate::{Error, Result};

/// More bytes than any real file has; reading ends there, whatever the file is.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// Reads a file that a person wrote. `doing` says what for: `read the Compose file`.
///
/// # Errors
/// [`crate::Code::NotFound`] or [`crate::Code::Failed`] if it cannot be read, [`crate::Code::InvalidInput`] if it is no UTF-8 text, or has
/// more than 4 MiB.
pub fn read_text(doing: &str, file: &Path) -> Result<String> {
    let failed = |error| Error::io(doing, file, &error);
    let mut bytes = Vec::new();
    File::open(file).map_err(failed)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::invalid("the file has more than 4 MiB")
            .hint("A configuration file is a few kilobytes. Look whether this is the file that you mean.")
            .at(Mark { line: 1, column: 1 }.location(file, "")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
        let mark = Mark { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        let error = Error::invalid("the file is no UTF-8 text").hint("Save it with the encoding UTF-8.");
        error.at(mark.location(file, ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_person_wrote_is_not_read_to_its_end() {
        let error = read_text("read it", Path::new("/dev/zero")).expect_err("it has no end");
        assert!(error.message.contains("4 MiB"), "{error}");
    }

    #[test]
    fn another_encoding_is_refused_with_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, b"name: shop\ntitle: B\xfccher\n").expect("written");
        let error = read_text("read it", &file).expect_err("it is Latin-1");
        assert_eq!(error.at.and_then(|at| at.line), Some(2));
    }
}
