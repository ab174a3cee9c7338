use std::{fmt, sync::Arc};

use gatefold_core::Exception;
use http::Extensions;

use crate::{Change, Claim, Claims, Counts};

/// What a request has taken before its cost was known, until the handler says what it is.
///
/// A layer with [`settling`](crate::ThrottleLayer::settling) leaves one in each request that it
/// admits. A handler that says nothing has cost what was claimed; one that fails may settle for 0.
///
/// ```
/// use gatefold_core::{Exception, Identity};
/// use gatefold_throttling::{Reservation, ThrottleLayer, UserRateThrottle};
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let layer = ThrottleLayer::new(UserRateThrottle::new(["100/min"])?).settling();
/// let service = layer.layer(service_fn(async |request: Request<()>| {
///     let records = 30;
///     if let Some(reservation) = Reservation::of(request.extensions()) {
///         reservation.settle(records).await?;
///     }
///     Ok::<_, Exception>(Response::new(()))
/// }));
/// let ask = || service.clone().oneshot(Request::new(()));
/// ask().await?;
/// assert_eq!(ask().await?.headers()["ratelimit"], "\"user\";r=69;t=1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reservation(Arc<Reserved>);

struct Reserved {
    counts: Counts,
    claims: Vec<Claim<'static>>,
}

impl Reservation {
    pub(crate) fn new(counts: Counts, claims: &Claims<'_>) -> Self {
        let claims = claims.iter().map(Claim::owned).collect();
        Self(Arc::new(Reserved { counts, claims }))
    }

    /// The reservation of a request, where a layer has left one.
    pub fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    /// Makes each claim cost `cost`: what was taken too much is given back, and what is missing is
    /// taken, at most all that there is. To be called once.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn settle(&self, cost: u32) -> Result<(), Exception> {
        let Reserved { counts, claims } = &*self.0;
        let (mut more, mut less) = (counts.claims(), counts.claims());
        for claim in claims {
            more.again(claim, cost.saturating_sub(claim.cost()));
            less.again(claim, claim.cost().saturating_sub(cost));
        }
        for (claims, change) in [(more, Change::Charge), (less, Change::Refund)] {
            if !claims.is_empty() {
                counts.change(claims, change).await?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reservation").field(&self.0.claims).finish()
    }
}
