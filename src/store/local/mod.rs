//! A store in a folder: `events.jsonl`, documents beside it, and a lock that holds between
//! processes.
//!
//! A crash can leave half a line at the end of the log ([`super::tail`]): it is set aside before
//! the next append, and whole lines never are, except those of the commit that it cut short.

mod documents;
mod log;
mod stamp;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    Appended, Document, DocumentStore, LogBytes, LogStore, Stamp, StoreError, Torn, Version,
};
use crate::domain::events::{Commit, WholeLog};

/// A store in a folder of this machine.
#[derive(Debug, Clone)]
pub struct LocalStore {
    folder: Arc<Path>,
}

impl LocalStore {
    /// The store in that folder, which is made when something is first written.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Files of commits that crashes cut short, oldest first.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn set_aside(&self) -> Result<Vec<PathBuf>, StoreError> {
        let files = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(failed("listing", &self.folder))?,
        };
        let mut found: Vec<PathBuf> = files
            .filter_map(|file| file.ok().map(|file| file.path()))
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("events.torn-"))
            })
            .collect();
        found.sort();
        Ok(found)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Runs blocking work on a thread made for it.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let store = self.clone();
        async move {
            tokio::task::spawn_blocking(move || work(&store))
                .await
                .expect("blocking work in the store doesn't panic")
        }
        .boxed()
    }

    /// Everything that writes does so behind this lock, which ends with the process that holds it.
    fn lock(&self) -> Result<File, StoreError> {
        fs::create_dir_all(&self.folder).map_err(failed("making the folder", &self.folder))?;
        let path = self.path(".lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("opening", &path))?;
        file.lock().map_err(failed("locking", &path))?;
        Ok(file)
    }

    /// Makes a file appear whole or not at all: written under another name, synced, and given its
    /// own.
    fn put_whole(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (path, new) = (self.path(name), self.path(&format!(".{name}.new")));
        let put = || {
            let mut file =
                private(OpenOptions::new().write(true).create(true).truncate(true)).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            sync_folder(&self.folder)
        };
        put().map_err(failed("writing", &path))
    }
}

impl LogStore for LocalStore {
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.blocking(|store| store.read_now(None))
    }

    fn read_from(&self, seen: Stamp, start: u64) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.blocking(move |store| store.read_now(Some((seen, start))))
    }

    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>> {
        self.blocking(Self::stamp_now)
    }

    fn append(&self, commit: Commit, seen: Stamp) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.blocking(move |store| store.append_now(&commit, &seen))
    }

    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.blocking(move |store| store.begin_now(&log))
    }

    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.blocking(Self::recover_now)
    }
}

impl DocumentStore for LocalStore {
    fn get(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Document>, StoreError>> {
        self.blocking(move |store| store.get_now(name))
    }

    fn version(&self, name: &'static str) -> BoxFuture<'_, Result<Option<Version>, StoreError>> {
        self.blocking(move |store| store.version_now(name))
    }

    fn replace(
        &self,
        name: &'static str,
        was: Option<Version>,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.blocking(move |store| store.replace_now(name, was.as_ref(), &bytes))
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

/// What a person watched, and their sealed passwords, are for their own user of this machine alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new name survives a power cut once its folder is synced; Windows has no such call and needs
/// none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
