package shadow

import "reflect"

// judge compares what the two sides came to, and settles the trial.
func (t *trial[T]) judge(legacy, service *Outcome[T]) {
	switch {
	case legacy == nil:
		t.skip(SkipCutShort, noOutcome)
		return
	case t.cutShort(legacy):
		t.skip(SkipCutShort, "the caller left")
		return
	}
	r := Result[T]{Legacy: legacy, Service: service}
	found, err := t.compare(legacy, service)
	switch {
	case err != nil:
		r.Verdict, r.Reason, r.Detail = Skipped, err.Reason, err.Detail
	case len(found.list) == 0:
	case t.e.config.Ignore != nil && t.e.config.Ignore(*legacy, *service):
		r.Ignored = true
	default:
		r.Verdict, r.Differences, r.More = Diverged, found.list, found.more
	}
	t.settle(r)
}

// compare returns where two outcomes differ.
func (t *trial[T]) compare(legacy, service *Outcome[T]) (found places, _ *SkipError) {
	c := &t.e.config
	switch {
	case legacy.failed() && service.failed():
		same := false
		if service.Panic == nil {
			if c.CompareErrors != nil {
				same = c.CompareErrors(legacy.Err, service.Err)
			} else {
				same = sentence(legacy.Err) == sentence(service.Err)
			}
		}
		if same {
			return found, nil
		}
		return unlike(legacy, service), nil
	case legacy.failed() || service.failed():
		return unlike(legacy, service), nil
	case c.Compare != nil && c.Compare(legacy.Value, service.Value):
		return found, nil
	}
	var err *SkipError
	if c.Compare == nil {
		if found, err = compareValues(legacy.Value, service.Value, c.Options); err != nil || len(found.list) == 0 {
			return found, err
		}
	}
	if c.Compare == nil && c.Clean == nil {
		return found, nil
	}
	return t.where(legacy, service), nil
}

// where tells of what may be kept of two values that differ in which places they do. They may differ
// in none of those, and go-cmp may not be able to say: then it is the whole.
func (t *trial[T]) where(legacy, service *Outcome[T]) (found places) {
	l, s := t.kept(legacy), t.kept(service)
	defer func() {
		if v := recover(); v != nil || len(found.list) == 0 {
			found = places{}
			found.add(Difference{Kind: KindValue, Legacy: excerptOf(reflect.ValueOf(l)), Service: excerptOf(reflect.ValueOf(s))})
		}
	}()
	found, _ = compareValues(l, s, t.e.config.Options)
	return found
}

// unlike returns how two outcomes differ of which at least one has no value.
func unlike[T any](legacy, service *Outcome[T]) (found places) {
	if legacy.failed() != service.failed() {
		found.add(Difference{Pointer: "status", Pattern: "status", Kind: KindStatus,
			Legacy: jsonOf(legacy.status()), Service: jsonOf(service.status())})
	}
	for _, at := range []struct {
		pointer         string
		legacy, service any
	}{
		{"/error", errorOf(legacy.Err), errorOf(service.Err)},
		{"/panic", legacy.Panic, service.Panic},
	} {
		d := Difference{Pointer: at.pointer, Pattern: at.pointer, Kind: KindValue}
		switch {
		case at.legacy == nil && at.service == nil:
			continue
		case at.legacy == nil:
			d.Kind = KindExtra
		case at.service == nil:
			d.Kind = KindMissing
		}
		if at.legacy != nil {
			d.Legacy = excerptOf(reflect.ValueOf(sentence(at.legacy)))
		}
		if at.service != nil {
			d.Service = excerptOf(reflect.ValueOf(sentence(at.service)))
		}
		found.add(d)
	}
	return found
}

// errorOf returns an error as any, nil if it is none.
func errorOf(err error) any {
	if err == nil {
		return nil
	}
	return err
}

// kept is what may be kept of an outcome's value.
func (t *trial[T]) kept(o *Outcome[T]) any {
	if !o.cleaned {
		o.cleaned, o.kept = true, o.Value
		if t.e.config.Clean != nil {
			o.kept = nil // if Clean panics
			o.kept = t.e.config.Clean(o.Value)
		}
	}
	return o.kept
}
