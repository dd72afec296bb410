package daemon

import (
	"net/http"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// BodyDifference is a difference between two bodies, and what may have caused it.
type BodyDifference struct {
	shadow.Difference
	Guess string `json:"guess,omitempty"`
}

// CompareBodies compares two bodies of a media type (empty: what they look like) under rules, as the
// shadow of a running proxy does, but for what that learns of noise. It lists no more differences than
// compare.MaxDifferences. An error says why they can't be compared.
func CompareBodies(rules compare.Rules, media string, legacy, service []byte) ([]BodyDifference, error) {
	c, err := compare.New(rules)
	if err != nil {
		return nil, err
	}
	answer := func(body []byte) *shadow.Answer {
		a := &shadow.Answer{Status: http.StatusOK, Header: http.Header{}, Body: body, Size: int64(len(body))}
		if media != "" {
			a.Header.Set("Content-Type", media)
		}
		return a
	}
	found, err := c.Compare(answer(legacy), answer(service))
	if err != nil {
		return nil, err
	}
	list := make([]BodyDifference, len(found))
	for i, d := range found {
		list[i] = BodyDifference{d, compare.Guess(d)}
	}
	return list, nil
}
