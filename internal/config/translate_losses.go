package config

import (
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// noteLosses notes what the exchanges lose where it stands; what their bodies do is told of the translators.
func (d *translationDraft) noteLosses() {
	ask := body.ToService
	if d.facade {
		ask = body.ToLegacy
	}
	for _, loss := range d.compiled.Losses(ask) {
		d.addLoss(loss)
	}
}

func (d *translationDraft) addLoss(loss exchange.Loss) {
	at, ok := d.parts[element(loss.Option, loss.Index)]
	if !ok {
		if at, ok = d.parts[loss.Option]; !ok {
			at = d.at
		}
	}
	d.to.Losses = append(d.to.Losses, Loss{Pos: at.pos(), Direction: loss.Direction, What: loss.What})
	sortLosses(d.to.Losses)
}

// direction is what losses say of a direction.
func direction(way body.Direction) string {
	if way == body.ToLegacy {
		return lens.ToLegacy
	}
	return lens.ToService
}
