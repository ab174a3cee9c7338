use std::sync::Arc;

use gatefold_core::Later;

use crate::jwt_key_source::Current;

/// What a look at published keys finds.
pub(crate) enum Look {
    /// Keys to verify with.
    Keys(Arc<Current>),
    /// Keys are being fetched, and there are none before.
    Wait(Later<()>),
    /// No keys, and none to be had now.
    Nothing,
}
