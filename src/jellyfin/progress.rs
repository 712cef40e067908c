//! How far a fetch is, as its caller hears it.

/// The list that is being fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchPhase {
    /// The list of movies.
    Movies,
    /// The list of series.
    Series,
    /// Episodes. If they are fetched series by series, the count is of series.
    Episodes,
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy)]
pub struct FetchProgress {
    /// The list.
    pub phase: FetchPhase,
    /// Rows that have arrived.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
}
