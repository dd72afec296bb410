package shadow

// Counts account for one route's sampled exchanges since the process started. At every moment
// Sampled = Match + Noise + Lag + Diverged + Failed + Skipped + Pending, exactly.
type Counts struct {
	Sampled  int64            `json:"sampled"`
	Match    int64            `json:"match"`
	Noise    int64            `json:"noise"`
	Lag      int64            `json:"lag"`
	Diverged int64            `json:"diverged"`
	Failed   int64            `json:"failed"`
	Skipped  int64            `json:"skipped"`
	Pending  int64            `json:"pending"`
	Reasons  map[string]int64 `json:"reasons,omitempty"` // of Skipped and Failed, by reason
}
