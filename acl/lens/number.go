package lens

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// notation is how legacy writes a number, with the defaults filled in.
type notation struct {
	*Number
	legacyType, serviceType Type
	point, group            string
	whole                   bool // legacy has no point: the number is shifted by Scale
	places                  int  // that legacy has behind its point; -1: any number
}

func compileNumber(f *Field, a about) conversions {
	n := notation{Number: f.Number, legacyType: f.Number.Legacy, serviceType: f.Number.Service, point: f.Number.Decimal, group: f.Number.Group, places: -1}
	if n.legacyType == "" {
		n.legacyType = TypeText
	}
	if n.serviceType == "" {
		n.serviceType = TypeNumber
	}
	n.whole = n.point == "" && (n.Scale > 0 || n.Round != "" && n.Decimals == nil)
	if n.point == "" {
		n.point = "."
	}
	if n.Scale > 0 || n.whole {
		n.places = n.Scale
	}
	n.check(a)
	n.losses(a)
	return conversions{legacy: n.toService, service: n.toLegacy}
}

func (n *notation) check(a about) {
	for _, t := range []struct {
		option string
		Type
	}{{"number.legacy", n.legacyType}, {"number.service", n.serviceType}} {
		if t.Type != TypeText && t.Type != TypeNumber {
			a.problem(t.option, "a number is written as text or number, not %q", t.Type)
		}
	}
	if n.Scale < 0 || n.Scale > 100 {
		a.problem("number.scale", "%d isn't 0 to 100", n.Scale)
	}
	if n.Decimals != nil && (*n.Decimals < 0 || *n.Decimals > 100) {
		a.problem("number.decimals", "%d isn't 0 to 100", *n.Decimals)
	}
	if n.Width < 0 || n.Width > 100 {
		a.problem("number.width", "%d isn't 0 to 100", n.Width)
	}
	switch n.Round {
	case "", RoundHalfUp, RoundHalfEven, RoundDown:
	default:
		a.problem("number.round", "%q isn't a way to round; these are: half_up, half_even, down", n.Round)
	}
	if n.Sign != "" && n.Sign != SignBehind {
		a.problem("number.sign", `%q isn't a place for the sign; "behind" is one, and in front is the default`, n.Sign)
	}
	for _, mark := range []struct{ option, text string }{{"number.decimal", n.point}, {"number.group", n.group}} {
		if len(mark.text) > 4 || strings.ContainsAny(mark.text, "0123456789+-") {
			a.problem(mark.option, "%q can't stand in a number; it is a character other than digits, + and -", mark.text)
		}
	}
	if n.group != "" && n.group == n.point {
		a.problem("number.group", "%q is the decimal point as well", n.group)
	} else if n.group != "" && (strings.Contains(n.group, n.point) || strings.Contains(n.point, n.group)) {
		a.problem("number.group", "%q and the decimal point %q can't be told apart", n.group, n.point)
	}
	if n.group != "" && n.Width > 0 {
		a.problem("number.width", "leading zeros and groups exclude one another")
	}
	if n.legacyType == TypeNumber {
		if n.point != "." {
			a.problem("number.decimal", "legacy's value is a number, whose point is a point; legacy: text would be one in which it is not")
		}
		for _, option := range []struct {
			name string
			set  bool
		}{{"group", n.group != ""}, {"width", n.Width > 0}, {"sign", n.Sign != ""}} {
			if option.set {
				a.problem("number."+option.name, "legacy's value is a number, which has no such thing; legacy: text would be one that has")
			}
		}
	}
}

func (n *notation) losses(a about) {
	if n.legacyType == TypeText {
		a.loss(legacy, "a number comes back as it is written here: other leading zeros, a plus sign, missing groups and digits behind the point are lost")
	} else {
		a.loss(legacy, "exponents and zeros at the end of a number don't come back")
	}
	if n.Decimals == nil {
		a.loss(service, "exponents and zeros at the end of a number don't come back: 12.30 does as 12.3")
	} else {
		a.loss(service, "exponents don't come back, and a number does with %d digits behind the point", *n.Decimals)
	}
	if n.Round == "" {
		return
	}
	if n.places >= 0 {
		a.loss(service, "a number is rounded to the %d digits behind the point that legacy has place for", n.places)
	}
	if n.Decimals != nil {
		a.loss(legacy, "a number is rounded to %d digits behind the point", *n.Decimals)
	}
}

// toService reads legacy's notation.
func (n *notation) toService(c *call, in *input) (cell, error) {
	d := &c.number
	if err := n.read(c, d, in); err != nil {
		return cell{}, err
	}
	if n.whole {
		d.exp -= n.Scale
	}
	if len(d.digits) == 0 {
		d.exp = 0
	}
	if n.Round == "" && n.places >= 0 && d.places() > n.places {
		return cell{}, fmt.Errorf("%s has more digits behind the point than the %d that would come back; round says how", shown(in), n.behind())
	}
	places := 0
	if n.Decimals != nil {
		places = *n.Decimals
		if !d.round(places, n.Round) {
			return cell{}, fmt.Errorf("%s has more than %d digits behind the point; round says how there are fewer", shown(in), places)
		}
	}
	c.scratch = d.appendPlaces(c.scratch[:0], places)
	return c.digits(n.serviceType.kind(), c.scratch, len(in.text))
}

// behind returns how many digits legacy has behind a point of its own.
func (n *notation) behind() int {
	if n.whole {
		return 0
	}
	return n.places
}

func (t Type) kind() document.Kind {
	if t == TypeNumber {
		return document.Number
	}
	return document.String
}

// read reads legacy's number as it stands.
func (n *notation) read(c *call, d *decimal, in *input) error {
	if n.legacyType == TypeNumber && in.kind == document.String && in.textual {
		in.kind = document.Number
	}
	if in.kind != n.legacyType.kind() {
		if in.kind == document.Number {
			return fmt.Errorf("the number %s where a text is wanted; number: {legacy: number} says that legacy has numbers", shown(in))
		}
		return errKind(in, "a "+string(n.legacyType))
	}
	if n.legacyType == TypeNumber {
		if err := d.parse(in.text); err != nil {
			return fmt.Errorf("%s: %w", shown(in), err)
		}
		return nil
	}
	return n.readText(d, in)
}

func (n *notation) readText(d *decimal, in *input) error {
	text, minus := in.text, false
	sign := bytes.IndexAny(text, "+-")
	switch {
	case sign < 0:
	case n.Sign == SignBehind && sign == len(text)-1:
		minus, text = text[sign] == '-', text[:sign]
	case n.Sign != SignBehind && sign == 0:
		minus, text = text[0] == '-', text[1:]
	default:
		return fmt.Errorf("%s isn't a number as legacy writes it: the sign", shown(in))
	}
	whole, fraction, point := bytes.Cut(text, []byte(n.point))
	d.negative, d.digits, d.exp = minus, d.digits[:0], -len(fraction)
	if point && len(fraction) == 0 || digitsOf(fraction) != len(fraction) {
		return fmt.Errorf("%s isn't a number as legacy writes it: what stands behind %q", shown(in), n.point)
	}
	if n.group == "" || !bytes.Contains(whole, []byte(n.group)) {
		d.digits = append(d.digits, whole...)
	} else if !d.appendGroups(whole, n.group) {
		return fmt.Errorf("%s isn't a number as legacy writes it: groups of three digits", shown(in))
	}
	if len(d.digits) == 0 || digitsOf(d.digits) != len(d.digits) {
		return fmt.Errorf("%s isn't a number as legacy writes it", shown(in))
	}
	d.digits = append(d.digits, fraction...)
	d.trim()
	return nil
}

// appendGroups adds digits in groups of three, the first of which may have fewer.
func (d *decimal) appendGroups(text []byte, separator string) bool {
	first := true
	for group := range bytes.SplitSeq(text, []byte(separator)) {
		if len(group) == 0 || len(group) > 3 || !first && len(group) < 3 || digitsOf(group) != len(group) {
			return false
		}
		d.digits = append(d.digits, group...)
		first = false
	}
	return true
}

// toLegacy writes legacy's notation.
func (n *notation) toLegacy(c *call, in *input) (cell, error) {
	d := &c.number
	if n.serviceType == TypeNumber && in.kind == document.String && in.textual {
		in.kind = document.Number
	}
	if in.kind != n.serviceType.kind() {
		return cell{}, errKind(in, "a "+string(n.serviceType))
	}
	if err := d.parse(in.text); err != nil {
		return cell{}, fmt.Errorf("%s: %w", shown(in), err)
	}
	if n.places >= 0 && !d.round(n.places, n.Round) {
		return cell{}, fmt.Errorf("%s has more digits behind the point than the %d that legacy has place for; round says how there are fewer", shown(in), n.places)
	}
	if n.Round == "" && n.Decimals != nil && d.places() > *n.Decimals {
		return cell{}, fmt.Errorf("%s has more than %d digits behind the point; round says how there are fewer", shown(in), *n.Decimals)
	}
	if n.whole && len(d.digits) > 0 {
		d.exp += n.Scale
	}
	c.scratch = n.append(c.scratch[:0], d)
	return c.digits(n.legacyType.kind(), c.scratch, len(in.text))
}

func (n *notation) append(dst []byte, d *decimal) []byte {
	if d.negative && n.Sign == "" {
		dst = append(dst, '-')
	}
	places := max(d.places(), n.behind())
	start := len(dst)
	dst = d.appendWhole(dst)
	if pad := n.Width - places - (len(dst) - start); pad > 0 {
		dst = append(dst, make([]byte, pad)...)
		copy(dst[start+pad:], dst[start:])
		for i := range pad {
			dst[start+i] = '0'
		}
	}
	if n.group != "" {
		dst = group(dst, start, n.group)
	}
	if places > 0 {
		dst = append(dst, n.point...)
		dst = d.appendFraction(dst, places)
	}
	if d.negative && n.Sign != "" {
		dst = append(dst, '-')
	}
	return dst
}

// group puts separators between the digits from start on.
func group(dst []byte, start int, separator string) []byte {
	digits := len(dst) - start
	separators := (digits - 1) / 3
	end := len(dst)
	for range separators {
		dst = append(dst, separator...)
	}
	for i, at := 0, len(dst); separators > 0; i++ {
		if i > 0 && i%3 == 0 {
			at -= len(separator)
			copy(dst[at:], separator)
			separators--
			if separators == 0 {
				break
			}
		}
		at--
		end--
		dst[at] = dst[end]
	}
	return dst
}
