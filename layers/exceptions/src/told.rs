/// What an answer tells beside the exception: where to look in the log, and in development why.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) request_id: Option<String>,
    pub(crate) causes: Vec<String>,
}
