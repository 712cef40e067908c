//! A store in a folder: `events.jsonl`, documents beside it, and a lock that holds between processes.
//!
//! A commit is one write and one sync under the lock. A crash can leave half a line at the end, which [`tail`] finds: it
//! is set aside before the next append, and whole lines never are, but for those of the commit that it cut short.

mod tail;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};
use sha2::{Digest, Sha256};

use self::tail::Tail;
use super::{Document, DocumentStore, LogBytes, LogStore, Stamp, StoreError, Torn, Version};
use crate::domain::events::{Commit, WholeLog};

const LOG: &str = "events.jsonl";

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

    /// The log and where it ends; `None` where there is none yet.
    fn open(&self) -> Result<Option<(File, Tail)>, StoreError> {
        let path = self.path(LOG);
        let mut file = match OpenOptions::new().read(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("opening", &path))?,
        };
        let tail = Tail::read(&mut file).map_err(failed("reading", &path))?;
        Ok(Some((file, tail)))
    }

    /// A reader must not take a commit that is being written for one that a crash cut short: it waits for the writer.
    /// Where no lock was ever made nothing is being written, and reading makes none.
    fn open_at_rest(&self) -> Result<Option<(File, Tail)>, StoreError> {
        match self.open()? {
            Some((_, tail)) if tail.may_be_growing() => {
                let path = self.path(".lock");
                let lock = match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    opened => Some(opened.map_err(failed("opening", &path))?),
                };
                lock.as_ref()
                    .map_or(Ok(()), File::lock_shared)
                    .map_err(failed("locking", &path))?;
                self.open()
            }
            opened => Ok(opened),
        }
    }

    fn read_now(&self) -> Result<LogBytes, StoreError> {
        let path = self.path(LOG);
        match self.open_at_rest()? {
            None => Ok(LogBytes { length: 0, reader: Box::new(io::empty()), torn: 0 }),
            Some((mut file, tail)) => {
                file.seek(SeekFrom::Start(0)).map_err(failed("reading", &path))?;
                Ok(LogBytes {
                    length: tail.end,
                    reader: Box::new(file.take(tail.end)),
                    torn: tail.torn(),
                })
            }
        }
    }

    fn append_now(&self, commit: &Commit) -> Result<Option<Torn>, StoreError> {
        let _lock = self.lock()?;
        let path = self.path(LOG);
        let tail = self.open()?.map(|(_, tail)| tail).unwrap_or_default();
        let base = commit.base();
        if (tail.end, tail.position) != (base.bytes, base.position) {
            return Err(StoreError::Conflict("the log"));
        }
        let torn = self.recover_locked()?;
        if base.bytes == 0 {
            return self.put_whole(LOG, commit.lines()).map(|()| torn);
        }
        let mut file =
            OpenOptions::new().append(true).open(&path).map_err(failed("opening", &path))?;
        let written = file.write_all(commit.lines()).and_then(|()| file.sync_data());
        if let Err(source) = written {
            // Nothing was acknowledged; what a full disk let through must not stand in the way of the next append.
            let undone = file.set_len(base.bytes).and_then(|()| file.sync_data());
            return Err(undone.err().map_or_else(
                || failed("appending to", &path)(source),
                failed("undoing an append to", &path),
            ));
        }
        Ok(torn)
    }

    fn begin_now(&self, log: &WholeLog) -> Result<Option<Torn>, StoreError> {
        let _lock = self.lock()?;
        if self.open()?.is_some_and(|(_, tail)| tail.end > 0) {
            return Err(StoreError::NotEmpty);
        }
        let torn = self.recover_locked()?;
        self.put_whole(LOG, log.bytes()).map(|()| torn)
    }

    /// Makes a file appear whole or not at all: written under another name, synced, and given its own.
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

    fn recover_locked(&self) -> Result<Option<Torn>, StoreError> {
        let Some((mut file, tail)) = self.open()? else { return Ok(None) };
        if tail.torn() == 0 {
            return Ok(None);
        }
        let path = self.path(LOG);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(tail.end))
            .and_then(|_| file.read_to_end(&mut bytes))
            .map_err(failed("reading", &path))?;
        let set_aside = self.set_aside_as(tail.position.0 + 1, &bytes)?;
        let log = OpenOptions::new().write(true).open(&path).map_err(failed("opening", &path))?;
        log.set_len(tail.end)
            .and_then(|()| log.sync_all())
            .map_err(failed("setting aside a torn commit of", &path))?;
        Ok(Some(Torn { set_aside, bytes: bytes.len() as u64 }))
    }

    /// Keeps the bytes in a file of their own, named by the position that they would have had.
    fn set_aside_as(&self, position: u64, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        for attempt in 1.. {
            let path = self.path(&format!("events.torn-{position:020}-{attempt}.jsonl"));
            let mut file =
                match private(OpenOptions::new().write(true).create_new(true)).open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    opened => opened.map_err(failed("making", &path))?,
                };
            let written = file
                .write_all(bytes)
                .and_then(|()| file.sync_all())
                .and_then(|()| sync_folder(&self.folder));
            written.map_err(failed("writing", &path))?;
            return Ok(path);
        }
        Err(StoreError::Conflict("the folder"))
    }

    fn get_now(&self, name: &str) -> Result<Option<Document>, StoreError> {
        let path = self.path(&format!("{name}.json"));
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => {
                let bytes = read.map_err(failed("reading", &path))?;
                let version = version_of(Sha256::new_with_prefix(&bytes));
                Ok(Some(Document { bytes, version }))
            }
        }
    }

    /// The version alone, of however large a document.
    fn version_now(&self, name: &str) -> Result<Option<Version>, StoreError> {
        let path = self.path(&format!("{name}.json"));
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("opening", &path))?,
        };
        let mut digest = Sha256::new();
        let mut piece = [0; 16 * 1024];
        loop {
            match file.read(&mut piece).map_err(failed("reading", &path))? {
                0 => return Ok(Some(version_of(digest))),
                length => digest.update(&piece[..length]),
            }
        }
    }

    fn replace_now(
        &self,
        name: &'static str,
        was: Option<&Version>,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        if self.version_now(name)?.as_ref() != was {
            return Err(StoreError::Conflict(name));
        }
        self.put_whole(&format!("{name}.json"), bytes)
    }
}

impl LogStore for LocalStore {
    fn read(&self) -> BoxFuture<'_, Result<LogBytes, StoreError>> {
        self.blocking(Self::read_now)
    }

    fn stamp(&self) -> BoxFuture<'_, Result<Stamp, StoreError>> {
        self.blocking(|store| {
            let path = store.path(LOG);
            let seen = match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Stamp(String::new()));
                }
                seen => seen.map_err(failed("looking at", &path))?,
            };
            let modified = seen.modified().map_err(failed("looking at", &path))?;
            Ok(Stamp(format!("{} {modified:?}", seen.len())))
        })
    }

    fn append(&self, commit: Commit) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.blocking(move |store| store.append_now(&commit))
    }

    fn begin(&self, log: WholeLog) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.blocking(move |store| store.begin_now(&log))
    }

    fn recover(&self) -> BoxFuture<'_, Result<Option<Torn>, StoreError>> {
        self.blocking(|store| {
            if store.open()?.is_none_or(|(_, tail)| tail.torn() == 0) {
                return Ok(None);
            }
            let _lock = store.lock()?;
            store.recover_locked()
        })
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

fn version_of(digest: Sha256) -> Version {
    Version(format!("{:x?}", digest.finalize()))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

/// What a person watched, and their sealed passwords, are nobody else's business.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new name survives a power cut once its folder is synced; Windows has no such call and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
