package shadow

import (
	"math/rand/v2"
	"testing"
)

// TestNoisesKnown draws exchanges in which legacy differs from itself with one chance and the
// service from it with another, independently, and looks at what is known of the place after some.
func TestNoisesKnown(t *testing.T) {
	at := place{"/a", KindValue}
	for _, tt := range []struct {
		name            string
		legacy, service float64
		controls        int
		want            Known
	}{
		{"nothing was asked yet", 1, 1, 0, KnownUnknown},
		{"two controls say little, even of what always differs", 1, 1, 2, KnownUnknown},
		{"a time of answer: always differs", 1, 1, 5, KnownNoise},
		{"one of two servers at random", 0.5, 0.5, 200, KnownNoise},
		{"a wrong value: legacy never differs from itself", 0, 1, 10, KnownCounts},
		{"a wrong value in every tenth answer", 0, 0.1, 100, KnownCounts},
		{"noise, and a mistake beside it that differs far more often", 0.1, 0.9, 100, KnownCounts},
		{"legacy differs far more often: the service is the quiet one", 0.9, 0.1, 50, KnownNoise},
		{"rarely, after few controls", 0.05, 0.05, 60, KnownUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			right := 0
			const runs = 200
			for seed := range uint64(runs) {
				random := rand.New(rand.NewPCG(seed, 1))
				var n noises
				for range tt.controls {
					legacy, service := map[place]bool{}, map[place]bool{}
					if random.Float64() < tt.legacy {
						legacy[at] = true
					}
					if random.Float64() < tt.service {
						service[at] = true
					}
					n.learn(service, legacy)
				}
				if n.known(at) == tt.want {
					right++
				}
			}
			if right < runs*8/10 {
				t.Errorf("known is %q in %d of %d runs, want at least 80 %%", tt.want, right, runs)
			}
		})
	}
}

// TestNoisesNeverHideMistakes: however noisy the rest, a place where legacy is always the same is
// never taken for noise.
func TestNoisesNeverHideMistakes(t *testing.T) {
	wrong, noisy := place{"/total", KindValue}, place{"/at", KindValue}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		var n noises
		for range 3 * fadeAfter {
			service := map[place]bool{noisy: true}
			if random.Float64() < 0.01 {
				service[wrong] = true
			}
			n.learn(service, map[place]bool{noisy: true})
			if n.known(wrong) == KnownNoise {
				t.Fatalf("seed %d: a place where legacy never differed from itself is noise after %v controls", seed, n.controls)
			}
		}
		if n.known(noisy) != KnownNoise {
			t.Errorf("seed %d: what always differs is %s", seed, n.known(noisy))
		}
	}
}

func TestNoisesFade(t *testing.T) {
	at := place{"/a", KindValue}
	var n noises
	for range fadeAfter {
		n.learn(map[place]bool{at: true}, map[place]bool{at: true})
	}
	for range 3 * fadeAfter { // legacy was mended
		n.learn(map[place]bool{at: true}, nil)
	}
	if known := n.known(at); known != KnownCounts {
		t.Errorf("a place that was noise long ago is %s, want %s", known, KnownCounts)
	}
	for range 30 * fadeAfter {
		n.learn(nil, nil)
	}
	if places, _ := n.read(); len(places) != 0 {
		t.Errorf("places that are gone are kept: %v", places)
	}
}

func TestNoisesAreBounded(t *testing.T) {
	var n noises
	for i := range 5 * maxPlaces {
		n.learn(map[place]bool{{string(rune(i + 1000)), KindValue}: true}, nil)
	}
	if places, _ := n.read(); len(places) > maxPlaces {
		t.Errorf("%d places are kept, want at most %d", len(places), maxPlaces)
	}
}

func TestNoiseIsRecalled(t *testing.T) {
	var before noises
	for range 300 {
		before.learn(map[place]bool{{"/at", KindValue}: true}, map[place]bool{{"/at", KindValue}: true})
	}
	var after noises
	after.recall(before.learnt())
	for at, want := range map[place]Known{{"/at", KindValue}: KnownNoise, {"/total", KindValue}: KnownCounts} {
		if got := after.known(at); got != want {
			t.Errorf("%v is %s, want %s", at, got, want)
		}
	}
	if after.young() {
		t.Error("it is to be learnt anew")
	}
}
