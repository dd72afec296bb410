package shadow_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

type item struct {
	Name  string
	Price float64 `json:"price"`
	rank  int
}

type order struct {
	ID    int
	Items []item
}

type orderFunc = func(context.Context) (order, error)

func gives(o order) orderFunc { return func(context.Context) (order, error) { return o, nil } }
func fails(err error) orderFunc {
	return func(context.Context) (order, error) { return order{}, err }
}
func panics(v any) orderFunc { return func(context.Context) (order, error) { panic(v) } }

func experiment[T any](t testing.TB, c shadow.ExperimentConfig[T]) *shadow.Experiment[T] {
	t.Helper()
	if c.Logger == nil {
		c.Logger = quiet
	}
	e, err := shadow.NewExperiment("order-total", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(t, e) })
	return e
}

// finish closes an experiment, and checks its account.
func finish[T any](t testing.TB, e *shadow.Experiment[T]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
	c := e.Counts()
	checkSum(t, "order-total", c)
	if c.Pending != 0 {
		t.Errorf("%d calls are pending after Close", c.Pending)
	}
}

var noValues = cmpopts.IgnoreFields(shadow.Difference{}, "Legacy", "Service")

func TestExperimentVerdicts(t *testing.T) {
	two := order{7, []item{{"fig", 2, 1}, {"bark", 3, 2}}}
	dear := order{7, []item{{"fig", 2, 1}, {"bark", 300, 2}}}
	price := []shadow.Difference{{Pointer: "/Items/1/price", Pattern: "/Items/*/price", Kind: shadow.KindValue}}
	for _, test := range []struct {
		name, why string
		config    shadow.ExperimentConfig[order]
		use, try  orderFunc
		verdict   shadow.Verdict
		reason    string
		want      []shadow.Difference
	}{
		{name: "same", why: "nothing differs", use: gives(two), try: gives(two), verdict: shadow.Match},
		{name: "a field", why: "named as its JSON names it", use: gives(two), try: gives(dear), verdict: shadow.Diverged, want: price},
		{name: "unexported", why: "what nobody sees still counts", use: gives(two), verdict: shadow.Diverged,
			try:  gives(order{7, []item{{"fig", 2, 1}, {"bark", 3, 9}}}),
			want: []shadow.Difference{{Pointer: "/Items/1/rank", Pattern: "/Items/*/rank", Kind: shadow.KindValue}}},
		{name: "an element less", why: "the service lacks it", use: gives(two), try: gives(order{7, two.Items[:1]}), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "/Items/1", Pattern: "/Items/*", Kind: shadow.KindMissing}}},
		{name: "nil against empty", why: "JSON has null for one", use: gives(order{7, nil}), try: gives(order{7, []item{}}), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "/Items", Pattern: "/Items", Kind: shadow.KindType}}},
		{name: "same error", why: "by its message", use: fails(errors.New("no order 7")), try: fails(errors.New("no order 7")), verdict: shadow.Match},
		{name: "other error", why: "by its message", use: fails(errors.New("no order 7")), try: fails(errors.New("not found")), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "/error", Pattern: "/error", Kind: shadow.KindValue}}},
		{name: "errors compared", why: "the function says they are the same", use: fails(errors.New("no order 7")), try: fails(errors.New("not found")),
			config:  shadow.ExperimentConfig[order]{CompareErrors: func(error, error) bool { return true }},
			verdict: shadow.Match},
		{name: "error for a value", why: "the service fails", use: gives(two), try: fails(errors.New("not found")), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "status", Pattern: "status", Kind: shadow.KindStatus}, {Pointer: "/error", Pattern: "/error", Kind: shadow.KindExtra}}},
		{name: "value for an error", why: "legacy fails", use: fails(errors.New("not found")), try: gives(two), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "status", Pattern: "status", Kind: shadow.KindStatus}, {Pointer: "/error", Pattern: "/error", Kind: shadow.KindMissing}}},
		{name: "panic", why: "caught, and told apart from an error", use: gives(two), try: panics("boom"), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "status", Pattern: "status", Kind: shadow.KindStatus}, {Pointer: "/panic", Pattern: "/panic", Kind: shadow.KindExtra}}},
		{name: "panic for an error", why: "both fail, and not alike", use: fails(errors.New("not found")), try: panics(errors.New("not found")), verdict: shadow.Diverged,
			want: []shadow.Difference{{Pointer: "/error", Pattern: "/error", Kind: shadow.KindMissing}, {Pointer: "/panic", Pattern: "/panic", Kind: shadow.KindExtra}}},
		{name: "compared by a function", why: "it says they are the same", use: gives(two), try: gives(dear), verdict: shadow.Match,
			config: shadow.ExperimentConfig[order]{Compare: func(l, s order) bool { return l.ID == s.ID }}},
		{name: "function that differs", why: "go-cmp finds the place", use: gives(two), try: gives(dear), verdict: shadow.Diverged,
			config: shadow.ExperimentConfig[order]{Compare: func(order, order) bool { return false }}, want: price},
		{name: "function alone", why: "go-cmp finds no place: it is the whole", use: gives(two), try: gives(two), verdict: shadow.Diverged,
			config: shadow.ExperimentConfig[order]{Compare: func(order, order) bool { return false }},
			want:   []shadow.Difference{{Kind: shadow.KindValue}}},
		{name: "options", why: "a tolerance", use: gives(two), try: gives(dear), verdict: shadow.Match,
			config: shadow.ExperimentConfig[order]{Options: cmp.Options{cmpopts.EquateApprox(0, 1000)}}},
		{name: "options on unexported", why: "they come before the exporter", use: gives(order{7, []item{{"fig", 2, 1}}}), try: gives(order{7, []item{{"fig", 2, 2}}}), verdict: shadow.Match,
			config: shadow.ExperimentConfig[order]{Options: cmp.Options{cmpopts.IgnoreUnexported(item{})}}},
		{name: "options that contradict", why: "go-cmp panics, and nobody else", use: gives(two), try: gives(dear), verdict: shadow.Failed, reason: shadow.FailInternal,
			config: shadow.ExperimentConfig[order]{Options: cmp.Options{
				cmp.Comparer(func(a, b float64) bool { return a == b }), cmp.Comparer(func(a, b float64) bool { return a == b })}}},
		{name: "ignored", why: "it is as it should be", use: gives(two), try: gives(dear), verdict: shadow.Match,
			config: shadow.ExperimentConfig[order]{Ignore: func(l, s shadow.Outcome[order]) bool { return s.Value.Items[1].Price == 300 }}},
		{name: "comparison panics", why: "a mistake of the comparison's touches nobody", use: gives(two), try: gives(dear), verdict: shadow.Failed, reason: shadow.FailInternal,
			config: shadow.ExperimentConfig[order]{Compare: func(order, order) bool { panic("a mistake") }}},
		{name: "copy panics", why: "there is nothing to compare", use: gives(two), try: gives(dear), verdict: shadow.Skipped, reason: shadow.SkipCutShort,
			config: shadow.ExperimentConfig[order]{Copy: func(order) order { panic("a mistake") }}},
		{name: "sequential", why: "the same, one after the other", use: gives(two), try: gives(dear), verdict: shadow.Diverged,
			config: shadow.ExperimentConfig[order]{Sequential: true}, want: price},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept := new(memory)
			var told []shadow.Result[order]
			c := test.config
			c.Recorder = kept
			c.OnResult = func(r shadow.Result[order]) { told = append(told, r) }
			e := experiment(t, c)
			value, err := e.Run(t.Context(), test.use, test.try)
			wantValue, wantErr := test.use(t.Context())
			if diff := cmp.Diff(wantValue, value, cmp.AllowUnexported(item{})); diff != "" || !errors.Is(err, wantErr) && err.Error() != wantErr.Error() {
				t.Errorf("the caller got something else: %v (-want +got):\n%s", err, diff)
			}
			finish(t, e)
			list := kept.all()
			if len(list) != 1 || len(told) != 1 {
				t.Fatalf("%s: %d recorded, %d told", test.why, len(list), len(told))
			}
			got := list[0]
			if got.Verdict != test.verdict || got.Reason != test.reason || told[0].Verdict != test.verdict {
				t.Errorf("%s: %s %q %s, told %s; want %s %q", test.why, got.Verdict, got.Reason, got.Detail, told[0].Verdict, test.verdict, test.reason)
			}
			if diff := cmp.Diff(test.want, got.Differences, noValues, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: differences (-want +got):\n%s", test.why, diff)
			}
			if got.Route != "order-total" || got.Request.Method != shadow.Call || got.Request.Path != "order-total" || got.Served != shadow.Legacy {
				t.Errorf("recorded as %+v", got)
			}
		})
	}
}

func TestExperimentKeepsBothOutcomes(t *testing.T) {
	kept := new(memory)
	e := experiment(t, shadow.ExperimentConfig[order]{Recorder: kept})
	e.Run(t.Context(), gives(order{7, []item{{"fig", 2, 1}}}), fails(errors.New("ask anna@example.com")))
	finish(t, e)
	c := kept.all()[0]
	if got := string(c.Legacy.Body); c.Legacy.Status != 200 || got != `{"ID":7,"Items":[{"Name":"fig","price":2}]}` {
		t.Errorf("legacy: %d %s", c.Legacy.Status, got)
	}
	if got := string(c.Service.Body); c.Service.Status != 500 || got != `{"error":"ask [redacted e-mail]"}` {
		t.Errorf("service: %d %s", c.Service.Status, got)
	}
	if got := string(c.Differences[1].Service); got != `"ask [redacted e-mail]"` {
		t.Errorf("difference: %s", got)
	}
}

// What is recorded comes of Clean's values alone, and of those without what Redact names.
func TestExperimentCleans(t *testing.T) {
	type login struct{ User, Password string }
	type seen struct {
		User string
		Card struct {
			Number string `json:"number"`
		} `json:"card"`
	}
	kept := new(memory)
	e := experiment(t, shadow.ExperimentConfig[login]{Recorder: kept, Redact: []string{"/card/number"}, Clean: func(l login) any {
		s := seen{User: l.User}
		s.Card.Number = "No. " + l.Password
		return s
	}})
	outcome := func(l login) func(context.Context) (login, error) {
		return func(context.Context) (login, error) { return l, nil }
	}
	e.Run(t.Context(), outcome(login{"anna", "hunter2"}), outcome(login{"anna", "hunter3"}))
	finish(t, e)
	c := kept.all()[0]
	want := []shadow.Difference{{Pointer: "/card/number", Pattern: "/card/number", Kind: shadow.KindValue,
		Legacy: []byte(`"[redacted]"`), Service: []byte(`"[redacted]"`)}}
	if diff := cmp.Diff(want, c.Differences); c.Verdict != shadow.Diverged || diff != "" {
		t.Errorf("%s (-want +got):\n%s", c.Verdict, diff)
	}
	if body := string(c.Legacy.Body) + string(c.Service.Body); strings.Contains(body, "hunter") || !strings.Contains(body, "anna") {
		t.Errorf("bodies: %s", body)
	}
}

// Legacy's panic reaches the caller as it was thrown, http.ErrAbortHandler say, and so does the end
// of its goroutine.
func TestExperimentPassesLegacysPanic(t *testing.T) {
	for _, sequential := range []bool{false, true} {
		e := experiment(t, shadow.ExperimentConfig[order]{Sequential: sequential})
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("the caller saw %v", v)
				}
			}()
			e.Run(t.Context(), panics(http.ErrAbortHandler), gives(order{}))
		}()
		finish(t, e)
		if c := e.Counts(); c.Reasons[shadow.SkipCutShort] != 1 {
			t.Errorf("sequential %v: %+v", sequential, c)
		}
	}
}

func TestExperimentRunsAShare(t *testing.T) {
	share := 0.0
	wanted := true
	e := experiment(t, shadow.ExperimentConfig[order]{Concurrency: 1000,
		RunIf: func(context.Context) bool { return wanted }, Percent: func() float64 { return share }})
	run := func() int64 {
		before := e.Counts().Sampled
		for range 1000 {
			e.Run(t.Context(), gives(order{}), gives(order{}))
		}
		return e.Counts().Sampled - before
	}
	if n := run(); n != 0 {
		t.Errorf("at 0 %% %d of 1000 were tried", n)
	}
	share = 20
	if n := run(); n < 120 || n > 280 { // six standard deviations
		t.Errorf("at 20 %% %d of 1000 were tried", n)
	}
	share = 100
	if n := run(); n != 1000 {
		t.Errorf("at 100 %% %d of 1000 were tried", n)
	}
	wanted = false
	if n := run(); n != 0 {
		t.Errorf("%d were tried that RunIf didn't want", n)
	}
}

func TestExperimentHooksPanicAlone(t *testing.T) {
	var mismatches int
	e := experiment(t, shadow.ExperimentConfig[order]{
		Recorder:   panicking{},
		RunIf:      func(context.Context) bool { return true },
		OnMismatch: func(shadow.Result[order]) { mismatches++; panic("a mistake") },
		OnResult:   func(shadow.Result[order]) { panic("a mistake") },
	})
	for range 3 {
		e.Run(t.Context(), gives(order{ID: 7}), gives(order{ID: 8}))
	}
	finish(t, e)
	if c := e.Counts(); c.Diverged != 3 {
		t.Errorf("%+v", c)
	}
	broken := experiment(t, shadow.ExperimentConfig[order]{RunIf: func(context.Context) bool { panic("a mistake") }})
	if o, err := broken.Run(t.Context(), gives(order{ID: 7}), gives(order{})); o.ID != 7 || err != nil || broken.Counts().Sampled != 0 {
		t.Errorf("RunIf panics: %v %v %+v", o, err, broken.Counts())
	}
}

// A caller who goes on writing gives Copy; without it this is a race that ends the program.
func TestExperimentComparesACopy(t *testing.T) {
	e := experiment(t, shadow.ExperimentConfig[map[int]int]{Copy: func(m map[int]int) map[int]int {
		own := make(map[int]int, len(m))
		for k, v := range m {
			own[k] = v
		}
		return own
	}})
	fresh := func(context.Context) (map[int]int, error) { return map[int]int{1: 1, 2: 2}, nil }
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 200 {
				m, _ := e.Run(t.Context(), fresh, fresh)
				for i := range 50 {
					m[i] = -1
				}
			}
		})
	}
	callers.Wait()
	finish(t, e)
	if c := e.Counts(); c.Match == 0 || c.Diverged != 0 || c.Failed != 0 {
		t.Errorf("%+v", c)
	}
}

func TestExperimentRefusesConfigs(t *testing.T) {
	for _, test := range []struct {
		name, experiment string
		config           shadow.ExperimentConfig[int]
		want             string
	}{
		{"no name", "", shadow.ExperimentConfig[int]{}, `name ""`},
		{"a blank", "order total", shadow.ExperimentConfig[int]{}, `name "order total"`},
		{"negative time-out", "a", shadow.ExperimentConfig[int]{Timeout: -1}, "time-out is -1ns"},
		{"negative concurrency", "a", shadow.ExperimentConfig[int]{Concurrency: -1}, "concurrency is -1"},
		{"redaction", "a", shadow.ExperimentConfig[int]{Redact: []string{"card"}}, `no redaction "card"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := shadow.NewExperiment(test.experiment, test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

// What experiments find stands in the ledger beside what the proxy does.
func TestExperimentInLedger(t *testing.T) {
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(context.Background())
	e := experiment(t, shadow.ExperimentConfig[order]{Recorder: l})
	for i := range 5 {
		e.Run(t.Context(), gives(order{7, make([]item, i+1)}), gives(order{7, append(make([]item, i), item{Price: 2})}))
	}
	e.Run(t.Context(), gives(order{}), gives(order{}))
	finish(t, e)
	var groups []ledger.Group
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if groups, err = l.Groups(t.Context(), "order-total", ""); err != nil {
			t.Fatal(err)
		}
		if len(groups) == 1 && groups[0].Count == 5 {
			break
		}
	}
	if len(groups) != 1 || groups[0].Count != 5 || len(groups[0].Causes) != 1 || groups[0].Causes[0].Pointer != "/Items/*/price" {
		t.Errorf("groups: %+v", groups)
	}
}
