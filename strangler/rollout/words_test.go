package rollout

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"no comma", count(999), "999"},
		{"commas", count(1234567), "1,234,567"},
		{"a negative number", count(-1000), "-1,000"},
		{"one", plural(1, "request", "requests"), "1 request"},
		{"none is plural", plural(0, "request", "requests"), "0 requests"},
		{"limits stand as they were written", percent(0.07) + percent(0.001) + percent(0.29), "7%0.1%29%"},
		{"a bound from above is rounded up, so that it stays true", percentUp(0.014142), "1.5%"},
		{"one from below down", percentDown(0.014942), "1.4%"},
		{"what is exact stays", percentUp(0.014) + percentDown(0.014), "1.4%1.4%"},
		{"all", percentUp(1), "100%"},
		{"nothing", percentDown(0), "0%"},
		{"very little", percentUp(3.38e-12), "0.00000000034%"},
		{"points", points(0.005) + pointsUp(0.01234) + pointsDown(0.01234), "0.5pp1.3pp1.2pp"},
		{"a difference above", belowPoints(0.0031), "less than 0.31pp above legacy's"},
		{"a difference that is none", belowPoints(0), "less than 0pp above legacy's"},
		{"a difference below", belowPoints(-0.00319), "more than 0.31pp below legacy's"},
		{"multiples", multiple(1.3) + timesUp(1.2341) + timesDown(12.39), "1.3x1.24x12.3x"},
		{"nanoseconds are nobody's business", short(1234567), "1.2ms"},
		{"microseconds", short(20_500 * time.Nanosecond), "21µs"},
		{"tens of milliseconds", short(23_456_789), "23ms"},
		{"seconds", short(1_234_567_890), "1.23s"},
		{"minutes", short(83_456 * time.Millisecond), "1m23.5s"},
		{"one second", length(1), "1 second"},
		{"seconds up to two minutes", length(119 * time.Second), "119 seconds"},
		{"minutes, rounded up", length(39*time.Minute + 1), "40 minutes"},
		{"hours", length(2 * time.Hour), "2 hours"},
		{"days", length(72 * time.Hour), "3 days"},
		{"the furthest", length(furthest), "10,000 days"},
		{"no time", atPresent(0), ""},
		{"some time", atPresent(time.Minute), ", 60 seconds at the present rate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}
