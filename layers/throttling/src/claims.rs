use std::{fmt, future::Future, hash::Hash, sync::Arc, time::Duration};

use gatefold_core::{Exception, Later};

use crate::{KeyHasher, Limits};

const NEAR: usize = 4;

/// What the throttles of a layer claim for one request.
///
/// A throttle does not decide: it adds claims, and all claims of a request are decided in one
/// step. Four claims need no allocation; keys are hashed at once and kept nowhere. The lifetime is
/// that of the throttles, whose limits may be [lent](Self::lend).
pub struct Claims<'t> {
    hasher: KeyHasher,
    near: [Option<Claim<'t>>; NEAR],
    // How often something was stated, so that the layer sees which throttle did.
    stated: u32,
    // How many of the near places are taken.
    length: u32,
    more: Option<Box<More<'t>>>,
}

/// What hardly any request has.
#[derive(Default)]
struct More<'t> {
    far: Vec<Claim<'t>>,
    later: Vec<Later<Result<Claims<'static>, Exception>>>,
    conflict: Option<String>,
    last: Option<Last>,
}

type Last = Arc<dyn Fn() -> Result<(), Duration> + Send + Sync>;

/// A scope with its rates, a key, and what the request costs.
#[derive(Clone, Debug)]
pub struct Claim<'t> {
    limits: Lent<'t>,
    fingerprint: u64,
    cost: u32,
}

#[derive(Clone, Debug)]
enum Lent<'t> {
    Borrowed(&'t Limits),
    Owned(Limits),
}

impl<'t> Claims<'t> {
    /// No claims yet, for a store with this hasher. The layer makes them; so does a test of a
    /// throttle or a store.
    #[inline]
    pub fn new(hasher: KeyHasher) -> Self {
        Self {
            hasher,
            near: [const { None }; NEAR],
            stated: 0,
            length: 0,
            more: None,
        }
    }

    /// Claims one request of `limits` for `key`: an id, an address, a tuple of both.
    ///
    /// The same scope and key claimed twice costs both; with different rates it is a mistake of
    /// the service, and the request is answered with 500.
    pub fn add<K: Hash>(&mut self, limits: &Limits, key: K) {
        self.add_with_cost(limits, key, 1);
    }

    /// Claims as much as `cost` requests. A cost of 0 asks whether the key is over its limit and
    /// consumes nothing.
    pub fn add_with_cost<K: Hash>(&mut self, limits: &Limits, key: K, cost: u32) {
        let fingerprint = self.hasher.fingerprint(limits.scope_hash(), &key);
        self.insert(Claim {
            limits: Lent::Owned(limits.clone()),
            fingerprint,
            cost,
        });
    }

    /// The same for limits that live as long as the throttle: it saves counting a reference up and
    /// down, which is a third of a decision, and more where several threads do it.
    #[inline]
    pub fn lend<K: Hash>(&mut self, limits: &'t Limits, key: K, cost: u32) {
        let fingerprint = self.hasher.fingerprint(limits.scope_hash(), &key);
        self.lend_hashed(limits, fingerprint, cost);
    }

    #[inline]
    pub(crate) fn lend_hashed(&mut self, limits: &'t Limits, fingerprint: u64, cost: u32) {
        self.insert(Claim {
            limits: Lent::Borrowed(limits),
            fingerprint,
            cost,
        });
    }

    /// Asks somebody else's limiter, at most one, when all claims are good and before any of them
    /// is consumed: `Err` refuses the request for so long. A store on another machine asks it
    /// first, and what it has taken is lost if the store refuses.
    pub fn last(&mut self, ask: impl Fn() -> Result<(), Duration> + Send + Sync + 'static) {
        self.stated += 1;
        let more = self.more.get_or_insert_default();
        if more.last.is_some() {
            let mistake = "a request asks two limiters of somebody else, of which only one can be \
                           the last";
            more.conflict = Some(mistake.to_owned());
        }
        more.last = Some(Arc::new(ask));
    }

    /// Asks the limiter of [`last`](Self::last), for a store: nothing where there is none.
    ///
    /// # Errors
    ///
    /// It refuses the request for so long.
    pub fn ask_last(&self) -> Result<(), Duration> {
        match self.more.as_ref().and_then(|more| more.last.as_ref()) {
            Some(ask) => ask(),
            None => Ok(()),
        }
    }

    /// Claims after something has been looked up: the tier of a caller in a database, the account
    /// that an API key belongs to.
    ///
    /// The closure is given claims to fill and to hand back. The request waits for them; all its
    /// claims are then decided together. An error refuses the request.
    ///
    /// ```
    /// use gatefold_core::Exception;
    /// use gatefold_throttling::{Claims, Limits, Rate, ThrottleLayer};
    /// use http::request::Parts;
    ///
    /// # #[derive(Clone)] struct Database;
    /// # impl Database { async fn pays(&self, _: &str) -> Result<bool, std::io::Error> { Ok(true) } }
    /// # let database = Database;
    /// let free = Limits::new("tier", [Rate::per_minute(10)])?;
    /// let paid = Limits::new("tier", [Rate::per_minute(1000)])?;
    /// let layer = ThrottleLayer::new(move |head: &Parts, claims: &mut Claims<'_>| {
    ///     let Some(key) = head.headers.get("x-api-key").cloned() else { return };
    ///     let (free, paid, database) = (free.clone(), paid.clone(), database.clone());
    ///     claims.later(|mut claims| async move {
    ///         let account = key.to_str().map_err(|_| Exception::parse_error())?;
    ///         let pays = database.pays(account).await.map_err(Exception::unavailable)?;
    ///         claims.add(if pays { &paid } else { &free }, account);
    ///         Ok(claims)
    ///     });
    /// });
    /// # Ok::<_, gatefold_throttling::RateError>(())
    /// ```
    pub fn later<F, R>(&mut self, look_up: F)
    where
        F: FnOnce(Claims<'static>) -> R,
        R: Future<Output = Result<Claims<'static>, Exception>> + Send + 'static,
    {
        self.stated += 1;
        let found = look_up(Claims::new(self.hasher));
        self.more
            .get_or_insert_default()
            .later
            .push(Box::pin(found));
    }

    /// The claims. After a look-up they stand behind those that needed none.
    pub fn iter(&self) -> impl Iterator<Item = &Claim<'t>> {
        let far = self.more.as_deref().map_or(&[][..], |more| &more.far);
        self.near.iter().flatten().chain(far)
    }

    /// Whether no count is claimed.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The claim, if there is one and nothing else.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Claim<'t>> {
        match &self.near[0] {
            Some(claim) if self.length == 1 && self.more.is_none() => Some(claim),
            _ => None,
        }
    }

    #[inline]
    fn insert(&mut self, claim: Claim<'t>) {
        self.stated += 1;
        if self.length == 0 {
            self.near[0] = Some(claim);
            self.length = 1;
        } else {
            self.insert_beside(claim);
        }
    }

    fn insert_beside(&mut self, claim: Claim<'t>) {
        let far = self.more.iter_mut().flat_map(|more| &mut more.far);
        let places = self.near.iter_mut().flatten().chain(far);
        for earlier in places {
            if earlier.fingerprint != claim.fingerprint {
                continue;
            }
            if earlier.limits() == claim.limits() {
                earlier.cost = earlier.cost.saturating_add(claim.cost);
            } else {
                let scope = claim.limits().scope();
                self.more.get_or_insert_default().conflict = Some(format!(
                    "the throttles of one layer gave the scope `{scope}` different rates for one key"
                ));
            }
            return;
        }
        match self.near.get_mut(self.length as usize) {
            Some(place) => {
                *place = Some(claim);
                self.length += 1;
            }
            None => self.more.get_or_insert_default().far.push(claim),
        }
    }

    pub(crate) fn stated(&self) -> u32 {
        self.stated
    }

    /// What the throttles have done wrong.
    #[inline]
    pub(crate) fn conflict(&self) -> Option<&str> {
        self.more.as_ref()?.conflict.as_deref()
    }

    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.more
            .as_ref()
            .is_some_and(|more| !more.later.is_empty())
    }

    /// The same claims with nothing borrowed.
    pub(crate) fn owned(&self) -> Claims<'static> {
        let mut owned = Claims::new(self.hasher);
        for claim in self.iter() {
            owned.insert(claim.owned());
        }
        owned
    }

    /// Claims the same once more, at another cost; nothing at none.
    pub(crate) fn again(&mut self, claim: &Claim<'t>, cost: u32) {
        if cost > 0 {
            self.insert(Claim {
                cost,
                ..claim.clone()
            });
        }
    }

    /// Gives the look-ups away, and those claims that need none.
    pub(crate) fn give_look_ups(&mut self) -> (Claims<'static>, LookUps) {
        let mut owned = self.owned();
        let mut look_ups = Vec::new();
        if let Some(more) = &mut self.more {
            look_ups.append(&mut more.later);
            if more.conflict.is_some() || more.last.is_some() {
                let kept = owned.more.get_or_insert_default();
                kept.conflict = more.conflict.take();
                kept.last = more.last.take();
            }
        }
        (owned, LookUps(look_ups))
    }
}

/// What has to be waited for before a decision.
pub(crate) struct LookUps(Vec<Later<Result<Claims<'static>, Exception>>>);

impl LookUps {
    /// Adds what is found to `claims`, and what that asks for.
    pub(crate) async fn resolve(mut self, claims: &mut Claims<'static>) -> Result<(), Exception> {
        while !self.0.is_empty() {
            let more = self.0.remove(0).await?;
            for claim in more.near.into_iter().flatten() {
                claims.insert(claim);
            }
            if let Some(more) = more.more {
                for claim in more.far {
                    claims.insert(claim);
                }
                self.0.extend(more.later);
                if let Some(conflict) = more.conflict {
                    claims.more.get_or_insert_default().conflict = Some(conflict);
                }
                if let Some(last) = more.last {
                    claims.last(move || last());
                }
            }
        }
        Ok(())
    }
}

impl Claim<'_> {
    pub(crate) fn owned(&self) -> Claim<'static> {
        Claim {
            limits: Lent::Owned(self.limits().clone()),
            fingerprint: self.fingerprint,
            cost: self.cost,
        }
    }

    /// The scope and its rates.
    #[inline]
    pub fn limits(&self) -> &Limits {
        match &self.limits {
            Lent::Borrowed(limits) => limits,
            Lent::Owned(limits) => limits,
        }
    }

    /// The keyed hash of scope and key: what a store finds the count by.
    #[inline]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What the request costs.
    #[inline]
    pub fn cost(&self) -> u32 {
        self.cost
    }
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
