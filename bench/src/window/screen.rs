//! What the virtual display shows, read from the file that it keeps its pixels in: no program notices that it is watched.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use sternway_e2e::{Failure, Result};
use tokio::time::{Instant, sleep};

/// How often the pixels are looked at.
const LOOK: Duration = Duration::from_millis(1);
/// A picture that did not change for so long is final.
const SETTLED: Duration = Duration::from_secs(3);
/// No program needs longer than this for its first screen.
const LIMIT: Duration = Duration::from_secs(30);

/// A part of the display, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    pub left: u64,
    pub top: u64,
    pub width: u64,
    pub height: u64,
}

/// The pixels of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture(Vec<[u8; 4]>);

impl Picture {
    /// Whether there is something on it besides one colour.
    pub fn has_content(&self) -> bool {
        self.0.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// The virtual display of `scripts/session`.
pub struct Screen {
    file: File,
    /// Where the first pixel is in the file, and how many bytes a row has.
    pixels: u64,
    row: u64,
}

impl Screen {
    /// The display that `scripts/session` made, by the X window dump that it names in `STERNWAY_SCREEN`.
    ///
    /// # Errors
    /// If there is none, or its pixels do not have four bytes each.
    pub fn of_session() -> Result<Self> {
        let path = std::env::var_os("STERNWAY_SCREEN");
        let path =
            path.ok_or_else(|| Failure::new("there is no virtual display; run scripts/bench, which makes one"))?;
        let file = File::open(path)?;
        // Fields of the header are 32-bit big-endian numbers; these are at places 0, 11, 12 and 19 of X11/XWDFile.h.
        let field = |place: u64| -> Result<u64> {
            let mut bytes = [0; 4];
            file.read_exact_at(&mut bytes, place * 4)?;
            Ok(u32::from_be_bytes(bytes).into())
        };
        let (header, bits, row, colours) = (field(0)?, field(11)?, field(12)?, field(19)?);
        if bits != 32 {
            return Err(Failure::new(format!("the display has {bits} bits a pixel, not 32")));
        }
        const COLOUR: u64 = 12;
        Ok(Self { file, pixels: header + colours * COLOUR, row })
    }

    /// What an area shows now.
    ///
    /// # Errors
    /// If the area is not on the display.
    pub fn picture(&self, area: Area) -> Result<Picture> {
        let mut pixels = vec![0; usize::try_from(area.width * area.height * 4)?];
        let rows = pixels.chunks_exact_mut(usize::try_from(area.width * 4)?);
        for (y, row) in (area.top..).zip(rows) {
            self.file.read_exact_at(row, self.pixels + y * self.row + area.left * 4)?;
        }
        Ok(Picture(pixels.as_chunks().0.to_vec()))
    }

    /// An area without a window: the colour of the display's upper right corner, which no window reaches.
    ///
    /// # Errors
    /// If the display cannot be read.
    pub fn bare(&self, area: Area) -> Result<Picture> {
        let mut corner = [0; 4];
        self.file.read_exact_at(&mut corner, self.pixels + self.row - 4)?;
        Ok(Picture(vec![corner; usize::try_from(area.width * area.height)?]))
    }

    /// Waits until an area shows this, and gives the moment.
    ///
    /// # Errors
    /// If it never does.
    pub async fn shows(&self, area: Area, wanted: &Picture) -> Result<Instant> {
        let end = Instant::now() + LIMIT;
        while self.picture(area)? != *wanted {
            if Instant::now() > end {
                return Err(Failure::new(format!("{area:?} of the display never shows what it showed before")));
            }
            sleep(LOOK).await;
        }
        Ok(Instant::now())
    }

    /// Waits until an area shows something else than `before` and keeps showing it.
    ///
    /// # Errors
    /// If it goes on changing.
    pub async fn settled(&self, area: Area, before: &Picture) -> Result<Picture> {
        let end = Instant::now() + LIMIT;
        let (mut latest, mut since) = (before.clone(), Instant::now());
        while latest == *before || since.elapsed() < SETTLED {
            let now = self.picture(area)?;
            if now != latest {
                (latest, since) = (now, Instant::now());
            }
            if Instant::now() > end {
                return Err(Failure::new(format!("{area:?} of the display does not settle")));
            }
            sleep(LOOK).await;
        }
        Ok(latest)
    }
}
