package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// noteLosses notes what a translator loses where it stands: what its fields lose, and what its formats do.
func (l *loader) noteLosses(d *translatorDraft, t *body.Translator) {
	for _, loss := range t.Losses() {
		d.addLoss(loss)
	}
	for _, loss := range t.FormatLosses() {
		l.addFormatLoss(d, loss)
	}
	d.mergeLosses()
	sortLosses(d.Losses)
}

// sortLosses puts losses into the order in which they stand.
func sortLosses(losses []Loss) {
	slices.SortStableFunc(losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
}

// addLoss notes a loss where it stands; those of other translators that it uses are theirs.
func (d *translatorDraft) addLoss(loss lens.Loss) {
	if loss.Lens != "" {
		return
	}
	at, fields := d.key, []string(nil)
	switch {
	case loss.Field >= 0 && loss.Field < len(d.fields):
		if d.fields[loss.Field].included != "" {
			return // it is told there
		}
		at, fields = d.fields[loss.Field].at, readName(d.Lens.Fields[loss.Field], loss.Direction)
	case d.at.isMapping() && d.at.has("unknown"):
		_, at = d.at.child("unknown")
	}
	d.Losses = append(d.Losses, Loss{Pos: at.pos(), Fields: fields, Direction: loss.Direction, What: loss.What})
}

// addFormatLoss notes what the formats of a translator's bodies lose. Fields of others have these formats here,
// and are told of here unless they have the same ones there.
func (l *loader) addFormatLoss(d *translatorDraft, loss body.FormatLoss) {
	told := func(name string) bool {
		other := l.translators[name]
		return other != nil && other.Legacy.Name == d.Legacy.Name && other.Service.Name == d.Service.Name
	}
	switch {
	case loss.Side != "":
		at := d.key
		if d.at.isMapping() && d.at.has(loss.Side) {
			_, at = d.at.child(loss.Side)
		}
		d.Losses = append(d.Losses, Loss{Pos: at.pos(), Direction: loss.Direction, What: loss.What})
	case loss.Lens == "" && loss.Field >= 0 && loss.Field < len(d.fields) && d.fields[loss.Field].included != "":
		if place := d.fields[loss.Field]; !told(place.included) {
			d.Losses = append(d.Losses, Loss{Pos: place.at.pos(), Fields: readName(d.Lens.Fields[loss.Field], loss.Direction), Direction: loss.Direction, What: loss.What})
		}
	case loss.Lens == "":
		d.addLoss(loss.Loss)
	case loss.Through >= 0 && loss.Through < len(d.fields) && !told(loss.Lens):
		fields := readName(l.translators[loss.Lens].Lens.Fields[loss.Field], loss.Direction)
		for i := range fields {
			fields[i] += " of " + loss.Lens
		}
		d.Losses = append(d.Losses, Loss{Pos: d.fields[loss.Through].at.pos(), Fields: fields, Direction: loss.Direction, What: loss.What})
	}
}

// mergeLosses makes one of those that are the same in several fields.
func (d *translatorDraft) mergeLosses() {
	var all []Loss
	for _, loss := range d.Losses {
		i := slices.IndexFunc(all, func(other Loss) bool {
			return len(loss.Fields) > 0 && len(other.Fields) > 0 && other.Direction == loss.Direction && other.What == loss.What
		})
		if i < 0 {
			all = append(all, loss)
		} else {
			all[i].Fields = append(all[i].Fields, loss.Fields...)
		}
	}
	d.Losses = all
}

// readName is what the side that is read calls a field.
func readName(f lens.Field, direction string) []string {
	paths, other := f.Legacy, f.Service
	if direction == lens.ToLegacy {
		paths, other = other, paths
	}
	if len(paths) == 0 {
		paths = other
	}
	return []string{strings.Join(paths, "+")}
}

// Text says the loss in a line, with the fields.
func (l Loss) Text() string {
	if len(l.Fields) == 0 {
		return l.Direction + ": " + l.What
	}
	return l.Direction + ": " + l.of() + ": " + l.What
}

// maxNamed is how many fields a line names.
const maxNamed = 6

func (l Loss) of() string {
	if more := len(l.Fields) - maxNamed; more > 1 {
		return fmt.Sprintf("%s and %d more fields", strings.Join(l.Fields[:maxNamed], ", "), more)
	}
	last := len(l.Fields) - 1
	if last == 0 {
		return l.Fields[0]
	}
	return strings.Join(l.Fields[:last], ", ") + " and " + l.Fields[last]
}
