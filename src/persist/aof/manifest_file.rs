//! Putting a manifest on the disk: beside the old one first, so that there always is a whole one. For any thread; knows
//! nothing of what the manifest names.

use crate::persist::files::{Disk, append_all};
use crate::sys::errno::reason;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the manifest lies.
#[derive(Clone)]
pub struct ManifestFile {
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub name: PathBuf,
}

/// What became of putting it there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Put {
    Durable,
    /// It is in place, and a power cut may bring the old one back: the files of both must stay.
    Unsure,
    /// The old one is in place; it was logged why.
    #[default]
    Failed,
}

impl ManifestFile {
    /// Replaces the manifest by this text.
    pub fn put(&self, text: &[u8]) -> Put {
        let mut temp = std::ffi::OsString::from("temp-");
        temp.push(&self.name);
        let (target, beside) = (self.dir.join(&self.name), self.dir.join(&temp));
        let (name, temp, dir) = (self.name.display(), temp.to_string_lossy(), self.dir.display());
        let disk = &*self.disk;
        let failed = |what: String, error: &io::Error| {
            tracing::warn!("{what}: {}", reason(error));
            Put::Failed
        };
        let file = match disk.create(&beside) {
            Ok(file) => file,
            Err(error) => return failed(format!("Can't open the AOF manifest file {temp}"), &error),
        };
        if let Err(error) = append_all(&*file, text) {
            return failed(format!("Error trying to write the temporary AOF manifest file {temp}"), &error);
        }
        if let Err(error) = file.sync() {
            return failed(format!("Fail to fsync the temp AOF file {temp}"), &error);
        }
        // The files it names must be there before it is.
        if let Err(error) = disk.sync_dir(&self.dir) {
            return failed(format!("Fail to fsync AOF directory {dir}"), &error);
        }
        if let Err(error) = disk.rename(&beside, &target) {
            let what = format!("Error trying to rename the temporary AOF manifest file {temp} into {name}");
            return failed(what, &error);
        }
        if let Err(error) = disk.sync_dir(&self.dir) {
            failed(format!("Fail to fsync AOF directory {dir}"), &error);
            return Put::Unsure;
        }
        Put::Durable
    }
}
