use gatefold_core::{Attempt, Exception};
use http::{
    HeaderValue, Response, StatusCode,
    header::{VARY, WWW_AUTHENTICATE},
};

use crate::session_headers;

/// What the layer remembers of a request until its answer comes.
#[derive(Debug)]
pub struct Left {
    pub(crate) attempt: Attempt,
    /// Whether somebody has looked at the cookies.
    pub(crate) varies: bool,
    /// Whether somebody was found.
    pub(crate) found: bool,
    #[cfg(feature = "sessions")]
    session: Option<crate::Session>,
}

impl Left {
    pub(crate) fn new(attempt: Attempt) -> Self {
        Self {
            attempt,
            varies: false,
            found: false,
            #[cfg(feature = "sessions")]
            session: None,
        }
    }

    #[cfg(feature = "sessions")]
    pub(crate) fn with_session(mut self, session: Option<crate::Session>) -> Self {
        self.session = session;
        self
    }

    /// The layer's own refusal, which says by what it varies, and deletes a cookie that is none.
    pub(crate) fn refused(self, mut exception: Exception) -> Exception {
        #[cfg(feature = "sessions")]
        if let Some(session) = &self.session {
            let mut added = http::HeaderMap::new();
            let headers = session.headers(exception.status());
            headers.write(&mut added, |_| false);
            for (name, value) in &added {
                exception = exception.with_header(name.clone(), value.clone());
            }
        }
        if self.varies {
            exception = exception.with_header(VARY, HeaderValue::from_static("Cookie"));
        }
        exception
    }

    /// A 401 of the handler, or of a gate further in, gets the challenges that it lacks; any answer
    /// gets the session's cookie, and says by what it varies.
    pub(crate) fn leave<B>(self, response: Response<B>) -> Response<B> {
        let mut response = challenged(&self.attempt, response);
        let varies = self.varies;
        #[cfg(feature = "sessions")]
        let varies = match &self.session {
            None => varies,
            Some(session) => {
                let headers = session.headers(response.status());
                let varies = varies || headers.asked;
                headers.write(response.headers_mut(), |line| session.is_cookie(line));
                varies
            }
        };
        if varies {
            session_headers::vary(response.headers_mut());
            if self.found {
                session_headers::private(response.headers_mut());
            }
        }
        response
    }
}

fn challenged<B>(attempt: &Attempt, mut response: Response<B>) -> Response<B> {
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED
        && !response.headers().contains_key(WWW_AUTHENTICATE);
    if !unauthorized {
        return response;
    }
    let extensions = response.extensions_mut();
    let Some(exception) = extensions.remove::<Exception>() else {
        return response;
    };
    if exception.status() != StatusCode::UNAUTHORIZED {
        extensions.insert(exception);
        return response;
    }
    let exception = attempt.challenge(exception);
    *response.status_mut() = exception.status();
    for challenge in exception.headers().get_all(WWW_AUTHENTICATE) {
        let headers = response.headers_mut();
        headers.append(WWW_AUTHENTICATE, challenge.clone());
    }
    response.extensions_mut().insert(exception);
    response
}
