package lens

import (
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// How says in a few plain words what the field does with its values: "codes A = active,
// I = inactive", "2 digits behind the point". It is empty where they pass as they are, and about
// nothing but what is said in the field.
func (f Field) How() string {
	parts := f.how()
	if f.Trim {
		parts = append(parts, "without spaces around it")
	}
	if t := typesHow(f.Type); t != "" {
		parts = append(parts, t)
	}
	if f.Absent != nil {
		parts = append(parts, fmt.Sprintf("no value is %s for legacy and %s for the service", f.Absent.Legacy.none(), f.Absent.Service.none()))
	}
	if d := f.Default.Legacy; d != nil {
		parts = append(parts, "legacy is told "+d.plain()+" where there is none")
	}
	if d := f.Default.Service; d != nil {
		parts = append(parts, "the service is told "+d.plain()+" where there is none")
	}
	if f.Required {
		parts = append(parts, "required")
	}
	if f.When != nil {
		parts = append(parts, "when "+f.When.how())
	}
	return strings.Join(parts, "; ")
}

// how says what the option of a field does.
func (f *Field) how() []string {
	switch {
	case f.Each != "":
		return []string{"each through " + f.Each}
	case f.With != "":
		return []string{"through " + f.With}
	case f.Values != nil:
		return []string{f.Values.how()}
	case f.Bool != nil:
		return []string{oneOf(f.Bool.True) + " = true, " + oneOf(f.Bool.False) + " = false"}
	case f.Number != nil:
		return []string{f.Number.how()}
	case f.Generate != "":
		how := map[string]string{Now: "the time of the translation", Random: "random letters"}[f.Generate]
		if f.Time != nil {
			how += " as " + layoutName(f.Time.Layout.Legacy)
		}
		return []string{how}
	case f.Time != nil:
		return []string{f.Time.how()}
	case len(f.Bits) > 0:
		return []string{"bits " + strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Bits), " ", ", "), "[]")}
	case f.Join != "":
		return []string{fmt.Sprintf("parts joined by %q", f.Join)}
	case f.List != "":
		return []string{fmt.Sprintf("a list, %q between its elements", f.List)}
	case f.IDs != "":
		return []string{"identifiers of " + f.IDs}
	case f.Count:
		return []string{"how many there are"}
	case f.Const != nil:
		return []string{"always " + f.Const.plain()}
	case f.Drop:
		return []string{"dropped"}
	}
	return nil
}

func (v *Values) how() string {
	pairs := make([]string, len(v.Pairs))
	for i, p := range v.Pairs {
		pairs[i] = p.Legacy.plain() + " = " + p.Service.plain()
	}
	how := "codes " + strings.Join(pairs, ", ")
	if v.Other.Service != nil {
		how += ", others become " + v.Other.Service.plain() + " for the service"
	}
	if v.Other.Legacy != nil {
		how += ", others become " + v.Other.Legacy.plain() + " for legacy"
	}
	if v.Keep {
		how += ", others stay"
	}
	return how
}

func (n *Number) how() string {
	var parts []string
	if n.Scale > 0 {
		parts = append(parts, plural(n.Scale, "digit")+" behind the point")
	} else {
		parts = append(parts, "a number")
	}
	if n.Decimals != nil {
		parts = append(parts, fmt.Sprintf("the service has %s there", plural(*n.Decimals, "digit")))
	}
	if n.Decimal != "" {
		parts = append(parts, fmt.Sprintf("legacy's point is %q", n.Decimal))
	}
	if n.Group != "" {
		parts = append(parts, fmt.Sprintf("legacy's groups have %q between them", n.Group))
	}
	if n.Width > 0 {
		parts = append(parts, "legacy has "+plural(n.Width, "digit")+" with zeros in front")
	}
	if n.Sign == SignBehind {
		parts = append(parts, "legacy's minus is behind")
	}
	if n.Round != "" {
		parts = append(parts, "rounded "+strings.ReplaceAll(n.Round, "_", " "))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (t *Time) how() string {
	side := func(layout, zone string) string {
		if zone == "" {
			return layoutName(layout)
		}
		return layoutName(layout) + " in " + zone
	}
	return fmt.Sprintf("time %s = %s", side(t.Layout.Legacy, t.Zone.Legacy), side(t.Layout.Service, t.Zone.Service))
}

func layoutName(layout string) string {
	if layout == "" {
		return "RFC3339"
	}
	return layout
}

func (w *When) how() string {
	var parts []string
	for _, one := range w.Legacy {
		parts = append(parts, "legacy's "+one.how())
	}
	for _, one := range w.Service {
		parts = append(parts, "the service's "+one.how())
	}
	return strings.Join(parts, " and ")
}

func (c Condition) how() string {
	switch {
	case len(c.Is) == 0 && c.Not:
		return c.Path + " is absent"
	case len(c.Is) == 0:
		return c.Path + " is present"
	case c.Not:
		return c.Path + " isn't " + oneOf(c.Is)
	}
	return c.Path + " is " + oneOf(c.Is)
}

func typesHow(t Sides[Type]) string {
	switch {
	case t.Legacy != "" && t.Service != "":
		return fmt.Sprintf("a %s for legacy, a %s for the service", t.Legacy, t.Service)
	case t.Legacy != "":
		return fmt.Sprintf("a %s for legacy", t.Legacy)
	case t.Service != "":
		return fmt.Sprintf("a %s for the service", t.Service)
	}
	return ""
}

func oneOf(list []Literal) string {
	words := make([]string, len(list))
	for i, l := range list {
		words[i] = l.plain()
	}
	return strings.Join(words, " or ")
}

// plain is String without quotes where there is no doubt.
func (l Literal) plain() string {
	if l.Kind == document.String && l.Text != "" && !strings.ContainsAny(l.Text, " ,=;\"") {
		return l.Text
	}
	return l.String()
}

// none is plain for what stands for no value.
func (l Literal) none() string {
	if l.Kind == document.Missing {
		return "missing"
	}
	return l.plain()
}
