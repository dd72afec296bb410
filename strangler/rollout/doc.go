// Package rollout says which moves a route may make, and which it should make: what stands in the
// way of a shift, an undo or a rollback, which routes a rollback takes along, and what the evidence
// shows about a route on its way from shadow to live. Everything in it is a pure function of the
// routes, where they stand and what was counted; whoever asks carries the moves out.
//
// # What a move wants
//
// [Check] looks at where a route stands (rows), where it is to go (columns) and at the route's
// return. Not moving is always allowed, and so is every way that is marked with a dot:
//
//	from \ to   legacy   shadow   canary   live   retired
//	legacy         .        .        .       .    force (a)
//	shadow         .        .        .       .    force (a)
//	canary       back     back    back (c)   .    force (a)
//	live         back     back      back     .       .
//	retired     back+(b) back+(b) back+(b) force (b) .
//
//	force  wants --force
//	back   legacy gets traffic again that the service had: as the route's return says,
//	       free: a dot · confirm: wants --force · never: refused, --force or not
//	(a)    only live may retire: there the service has shown that it serves everything
//	(b)    nothing but --force brings a retired route back, as legacy may no longer have it
//	(c)    only to a smaller weight; to the same or a larger one it is a dot
//
// Two more rules hold before these. Everything but legacy wants a service (but see below), and a canary a weight
// of 0.01 % to 99.99 %; both are an [InvalidError], which nobody can force. A refusal is a
// [RefusedError], which says whether force helps; if it does, it names all that force gets past,
// so that nobody forces more than they have read.
//
// A route whose return is never may still go from shadow to legacy, as legacy has all its
// traffic in both, and, with force, from retired to live, as the service has. Once the service
// owns the data, the definition has to change before anything else can bring its traffic back.
//
// A route without a service stands at legacy, and may retire from there if its definition says what it
// answers then (gone). No other way is open to it.
//
// # What retiring wants
//
// The table doesn't tell whether anybody still needs legacy for a route. [Retire] does, from what was
// seen: the calls that legacy answered for the route's clients, outside shadowing, for as long as the
// configuration says (retire_after); the groups of divergences that nobody has decided about; and what
// the legacy server's own log says of callers that don't come through the proxy. That nothing was
// seen proves nothing by itself: where what was seen doesn't go back far enough, has a hole, or nobody
// looked, that stands in the way as well. All of it can be forced, and is named before.
//
// # What a rollback takes along
//
// [Rollback] moves the routes that are beyond the target phase. Routes of one unit split alike,
// so they move together: what shares a unit with a route that was asked for comes along, and if
// one of them may not go back, none of them does.
//
// Whoever asks for one route or one unit wants exactly that, so that a guard in the way is an
// error. Whoever asks for several routes, a service or all wants whatever can be had, so that routes
// in whose way a guard stands are left alone and named. Of a service or all, force brings routes along
// whose return is confirm, but never retired ones: in an emergency, traffic must not be sent to a
// legacy endpoint that may be gone. A retired route comes back only when it, or its unit, is
// asked for by name.
//
// # What is decided
//
// [Decide] looks at a route, or at a unit's routes, and at what was seen of each ([Evidence]), and
// says whether it goes on, back, stays or has arrived. It goes on when every gate is shown to hold
// and back when one is shown to be broken; as long as neither is shown it stays. Where nothing was
// seen nothing is shown. README.md tells users of the gates, the plan and the words.
//
// # What "shown" means
//
// Whoever looks at numbers every second and acts as soon as they look bad will sooner or later see
// what they fear: tests with a fixed number of observations are wrong at any level, however small,
// if they are repeated for long enough. All tests here are valid at every look, so that it doesn't
// matter when, how often and why somebody looks, nor when it ends (Johari, Koomen, Pekelis and
// Walsh 2022 tell of the same for A/B tests).
//
// Let X be 1 where a comparison diverged and isn't expected to, else 0. With k ones in n and the
// gate θ, bet on an odds ratio r ≥ 0:
//
//	L_r(k, n; θ) = r^k / (1+(r−1)θ)^n
//
// If p is the probability of the next X given all that was before, the next factor is
// (1+(r−1)p) / (1+(r−1)θ) on average. For r > 1 that is 1 at most where p ≤ θ, for r < 1, r = 0
// included, where p ≥ θ. So L_r is a nonnegative supermartingale that begins at 1, and so is a
// mixture Σ w_r·L_r over fixed ratios with weights that sum to 1 (the method of mixtures: Robbins
// 1970; Howard, Ramdas, McAuliffe and Sekhon 2021; as bets: Waudby-Smith and Ramdas 2024). By
// Ville's inequality it ever reaches 1/α with probability α at most. The mixture over r > 1 that
// reaches 1/α shows that the rate is above θ, the one over r < 1 that it is below.
//
// Three things follow from the form. It depends on counts alone: nobody has to have looked after
// each comparison, and counts are all that has to be kept. It is strictly monotone in θ, so that
// the θ at which it is just 1/α, found by bisection, is a bound of the rate that is valid at every
// look. And it needs no constant rate: as ln is concave, Π(1+(r−1)p_t) ≤ (1+(r−1)p̄)^n for the
// average p̄ of the conditional rates so far, so that L_r(k, n; p̄) never exceeds the martingale
// r^k/Π(1+(r−1)p_t). What the bounds hold in is p̄, at each look, also while the service changes.
//
// What they can't do is to say anything about a long-run rate from which the conditional ones stay
// away: where divergences come in bursts, as with one bad record that is asked for again and again,
// the conditional rate is high during a burst and near nothing else. The simulation in README.md
// shows how far the error rates then are from what is promised, and that they are what is promised
// where a request that is repeated within a short time ([Plan].Distinct) counts once, whatever came
// of it: to leave out repeated divergences alone would make the share too small. That is up to
// whoever counts Evidence; it can't be seen in it.
//
// # Divergence
//
// n is Evidence.Compared and k Evidence.Diverged, over all steps, for one version of the service and
// of the rules. Beside the cumulative tests stands [Detector], because after 100,000 clean answers
// they need twenty times as long to see that a service has become bad.
//
// # Errors
//
// The service's share of failures less legacy's, from two sources, each a test of its own with half
// of the level, so that either may show something:
//
//   - Pairs: D is 1 where the service alone failed a request that both answered, −1 where legacy
//     alone did, else 0. Bets on its mean make Π(1+λ(D−δ)), a supermartingale for λ in [0, 1/(1+δ)]
//     where the conditional mean is δ at most (Waudby-Smith and Ramdas 2024); mixed over λ; against
//     "δ at least" with the signs turned round. They depend on how often each D was alone.
//   - Clients: each side's own requests, bounded as above, each side with half of the source's
//     level: the service's lower bound less legacy's upper one is above δ, or the other way round.
//
// Clients count in canary only. Elsewhere one side serves none, and Pairs have the whole level: which
// it is depends on the step, not on what was seen.
//
// Evidence.Spared are failures that count as such against a promotion, and as none for a rollback: each
// test stays one of its own hypothesis, only that the two are no longer about the same events. A source
// whose share would be shown to be above δ with them keeps the other one from promoting.
//
// # Latency
//
// A quantile is bounded by counting (Howard and Ramdas 2022): the 99th percentile Q is above x just
// where more than 1 % of all latencies exceed x. The lower bound of Q is the largest x for which
// the number of latencies beyond x shows that more than 1 % are. That looks at every x at once, and
// still costs one level only: were the bound beyond Q, the test at Q itself would have shown a rate
// above 1 % there, as no fewer latencies exceed Q than exceed the larger x, and the test is monotone
// in their number. The upper bound is the same with fewer than 1 %. Both take the bucket's end that is
// further away. The gate c is broken where the service's lower bound is above c times legacy's upper
// one, and holds the other way round; sources and levels are as with errors.
//
// # Levels
//
// Promotion needs all gates at once, so each may have the whole level: a wrong promotion needs that
// the one that is broken be shown to hold (intersection–union; Berger 1982). Nor is the level split
// over steps, although evidence of errors and latency begins anew at each: whoever came to a second
// step at which a gate is broken has been promoted wrongly at the first such step before, which
// happens with probability α at most.
//
// A rollback needs one gate, so the level is split: in equal parts over the gates that are on, errors'
// and latency's over the steps of the plan, as they begin anew at each. [Budget] has the level of one
// route; whoever fills it splits [Policy].Alpha over all routes, as wrong rollbacks of a whole
// migration add up. The detector stands outside: it has no level but an average run length.
// Where evidence begins anew, as with another version of the service, there is another test: whoever
// fills the budget gives the n-th of them a part, 1/(n(n+1)) of the route's, so that all fit into it.
//
// # Sources
//
//   - Berger (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24(4).
//   - Howard, Ramdas (2022). Sequential estimation of quantiles with applications to A/B testing and
//     best-arm identification. Bernoulli 28(3).
//   - Howard, Ramdas, McAuliffe, Sekhon (2021). Time-uniform, nonparametric, nonasymptotic confidence
//     sequences. Annals of Statistics 49(2).
//   - Johari, Koomen, Pekelis, Walsh (2022). Always valid inference: continuous monitoring of A/B
//     tests. Operations Research 70(3).
//   - Robbins (1970). Statistical methods related to the law of the iterated logarithm. Annals of
//     Mathematical Statistics 41(5).
//   - Shin, Ramdas, Rinaldo (2023). E-detectors: a nonparametric framework for sequential change
//     detection. New England Journal of Statistics in Data Science 2(2).
//   - Ville (1939). Étude critique de la notion de collectif. Gauthier-Villars.
//   - Waudby-Smith, Ramdas (2024). Estimating means of bounded random variables by betting. Journal of
//     the Royal Statistical Society B 86(1).
package rollout
