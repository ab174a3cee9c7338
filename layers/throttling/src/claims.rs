use std::{fmt, future::Future, hash::Hash};

use gatefold_core::{Exception, Later};

use crate::{KeyHasher, Limits};

const NEAR: usize = 4;

/// What the throttles of a layer claim for one request.
///
/// A throttle does not decide: it adds claims, and all claims of a request are decided in one
/// step. Four claims need no allocation; keys are hashed at once and kept nowhere.
pub struct Claims {
    hasher: KeyHasher,
    near: [Option<Claim>; NEAR],
    far: Vec<Claim>,
    later: Vec<Later<Result<Self, Exception>>>,
    conflict: Option<Limits>,
    // How often something was stated, so that the layer sees which throttle did.
    stated: usize,
}

/// A scope with its rates, a key, and what the request costs.
#[derive(Clone, Debug)]
pub struct Claim {
    limits: Limits,
    fingerprint: u64,
    cost: u32,
}

impl Claims {
    /// No claims yet, for a store with this hasher. The layer makes them; so does a test of a
    /// throttle or a store.
    pub fn new(hasher: KeyHasher) -> Self {
        Self {
            hasher,
            near: [const { None }; NEAR],
            far: Vec::new(),
            later: Vec::new(),
            conflict: None,
            stated: 0,
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
            limits: limits.clone(),
            fingerprint,
            cost,
        });
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
    /// let layer = ThrottleLayer::new(move |head: &Parts, claims: &mut Claims| {
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
        F: FnOnce(Self) -> R,
        R: Future<Output = Result<Self, Exception>> + Send + 'static,
    {
        self.stated += 1;
        self.later
            .push(Box::pin(look_up(Self::new(self.hasher.clone()))));
    }

    /// The claims. After a look-up they stand behind those that needed none.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.near.iter().flatten().chain(&self.far)
    }

    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self.near[0].is_none()
    }

    /// The claim, if there is one and no other.
    pub(crate) fn only(&self) -> Option<&Claim> {
        match &self.near {
            [Some(claim), None, ..] => Some(claim),
            _ => None,
        }
    }

    fn insert(&mut self, claim: Claim) {
        self.stated += 1;
        let places = self.near.iter_mut().flatten().chain(&mut self.far);
        for earlier in places {
            if earlier.fingerprint != claim.fingerprint {
                continue;
            }
            if earlier.limits != claim.limits {
                self.conflict = Some(claim.limits);
                return;
            }
            earlier.cost = earlier.cost.saturating_add(claim.cost);
            return;
        }
        match self.near.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(claim),
            None => self.far.push(claim),
        }
    }

    pub(crate) fn stated(&self) -> usize {
        self.stated
    }

    /// The scope that two claims with the same key gave different rates.
    pub(crate) fn conflict(&self) -> Option<&str> {
        self.conflict.as_ref().map(Limits::scope)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.later.is_empty()
    }

    /// Waits for the look-ups, and for those that they ask for.
    pub(crate) async fn resolve(mut self) -> Result<Self, Exception> {
        while !self.later.is_empty() {
            let more = self.later.remove(0).await?;
            for claim in more.near.into_iter().flatten().chain(more.far) {
                self.insert(claim);
            }
            self.later.extend(more.later);
            self.conflict = self.conflict.or(more.conflict);
        }
        Ok(self)
    }
}

impl Claim {
    /// The scope and its rates.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The keyed hash of scope and key: what a store finds the count by.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What the request costs.
    pub fn cost(&self) -> u32 {
        self.cost
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
