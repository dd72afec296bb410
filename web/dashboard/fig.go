package dashboard

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"html"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// The picture of the migration is a strangler fig on its host. The host fades as services take its
// traffic over, and the fig's crown grows with what they serve. Each root is an endpoint: it hangs in
// the air while the service is shadowed, comes down with its weight, and stands on the ground once the
// service serves all. A root is as thick as the endpoint's traffic. The same numbers make the same
// picture.

// fig is what the picture shows.
type fig struct {
	Service float64   // the services' share of the traffic, 0 to 1
	Roots   []figRoot // in an order that doesn't change when routes move
}

// figRoot is a route, or several of one kind where there are many.
type figRoot struct {
	Name    string
	At      strangler.Position
	Traffic float64 // its share of the traffic, 0 to 1
}

const (
	figWidth, figHeight = 360, 400
	figMiddle           = 180.0 // of the trunk
	figFork             = 118.0 // where the crown begins
	figGround           = 352.0
	figMost             = 22 // roots that are drawn; more are brought together
	figLeaves           = 64 // of a crown that is full
	goldenAngle         = 2.399963229728653
)

// figColours stand in the picture itself, so that it can be passed around; the page's style sheet has
// others for the dark.
var figColours = map[string]string{
	"ground": "#d9d4c5", "shade": "#c9c3b1", "wood": "#9b917d", "bark": "#857b68", "old-a": "#b9b39d", "old-b": "#a8a38c", "old-c": "#c7c1ad",
	"leaf-a": "#2f7d5b", "leaf-b": "#3d9a70", "leaf-c": "#276a4c", "leaf-d": "#57b089",
	"legacy": "#a89f8d", "shadow": "#7f8f9f", "canary": "#c8922e", "live": "#3d9a70", "retired": "#1c5a40",
}

// draw returns the picture as SVG. Its title and description are its text.
func (f fig) draw() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="fig-tree" xmlns="http://www.w3.org/2000/svg" viewBox="4 6 %d %d" role="img" aria-labelledby="fig-title fig-text"><title id="fig-title">The migration as a strangler fig</title><desc id="fig-text">%s</desc>`,
		figWidth-8, figHeight-12, html.EscapeString(f.text()))
	roots := f.gathered()
	behind, before := f.strands(roots)
	fmt.Fprintf(&b, `<path class="f-ground" fill="%s" d="M8 %g Q90 %g 180 %g T352 %g Q330 388 180 390 T8 %g z"/>`, figColours["ground"], figGround+4, figGround-9, figGround-4, figGround+3, figGround+4)
	b.WriteString(`<g opacity=".6">` + behind + `</g>`)
	f.host(&b)
	b.WriteString(f.crown(true))
	b.WriteString(before)
	b.WriteString(f.crown(false))
	b.WriteString("</svg>")
	return b.String()
}

// text says what the picture shows.
func (f fig) text() string {
	counts := make(map[strangler.Phase]int)
	for _, r := range f.Roots {
		counts[r.At.Phase]++
	}
	said := fmt.Sprintf("Services serve %s of the traffic. ", percent(f.Service))
	if len(f.Roots) == 0 {
		return said + "There are no roots yet: no route is defined."
	}
	ground := counts[strangler.PhaseLive] + counts[strangler.PhaseRetired]
	return said + fmt.Sprintf("Of %s, %d stand on the ground (live or retired), %d come down (canary), %d hang in the air (shadow) and %d are buds (legacy).",
		plural(len(f.Roots), "root", "roots"), ground, counts[strangler.PhaseCanary], counts[strangler.PhaseShadow], counts[strangler.PhaseLegacy])
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(int64(n)) + " " + many
}

// gathered returns at most figMost roots. Where there are more, each stands for as many routes, which
// are the nearest in how far they are.
func (f fig) gathered() []figRoot {
	n := len(f.Roots)
	if n <= figMost {
		return f.Roots
	}
	sorted := slices.Clone(f.Roots)
	slices.SortStableFunc(sorted, func(a, b figRoot) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	all := make([]figRoot, figMost)
	for i := range all {
		some := sorted[i*n/figMost : (i+1)*n/figMost]
		r := figRoot{Name: plural(len(some), "endpoint", "endpoints"), At: some[len(some)/2].At}
		for _, s := range some {
			r.Traffic += s.Traffic
		}
		all[i*7%figMost] = r // 7 and figMost have no common divisor: those that are alike stand apart
	}
	return all
}

// host draws the trunk and what is left of its crown.
func (f fig) host(b *strings.Builder) {
	left := 1 - f.Service
	fmt.Fprintf(b, `<g class="f-host" opacity="%.2f">`, .16+.84*left)
	fmt.Fprintf(b, `<g fill="none" stroke="%s" class="f-wood-line" stroke-linecap="round"><path stroke-width="11" d="M178 150Q168 112 132 84"/><path stroke-width="10" d="M183 150Q194 108 232 80"/><path stroke-width="9" d="M180 146Q184 92 176 46"/><path stroke-width="4" d="M150 100Q128 98 104 108M216 94Q240 94 258 106M179 84Q198 62 206 42M178 92Q160 66 146 50"/></g>`, figColours["wood"])
	for k := 34 - int(math.Round(34*left)); k < 34; k++ { // the innermost go first: the fig grows there
		r := 78 * math.Sqrt((float64(k)+.5)/34)
		a := float64(k)*goldenAngle + .8
		x, y := figMiddle+1.22*r*math.Cos(a), 84+.78*r*math.Sin(a)
		tone := string("abc"[k%3])
		fmt.Fprintf(b, `<circle class="f-old-%s" fill="%s" cx="%.0f" cy="%.0f" r="%.0f"/>`, tone, figColours["old-"+tone], x, y, 20+5*math.Sin(float64(k)*1.7))
	}
	fmt.Fprintf(b, `<path class="f-wood" fill="%s" d="M160 140C162 210 160 268 152 308Q146 336 120 %[2]g Q156 351 180 %[3]g Q206 351 241 %[2]g Q214 336 208 308C200 268 198 210 200 140z"/>`, figColours["wood"], figGround, figGround-2)
	fmt.Fprintf(b, `<path class="f-bark" fill="none" stroke="%s" stroke-width="1.5" stroke-linecap="round" d="M172 160Q175 230 168 300M184 154Q182 220 186 286M191 176Q190 240 197 316M177 250Q176 290 170 336M184 306Q184 326 188 340"/></g>`, figColours["bark"])
}

// crown draws the fig's leaves: those behind its roots, or those before.
func (f fig) crown(behind bool) string {
	n := int(math.Round(figLeaves * math.Pow(f.Service, .8)))
	if n == 0 && slices.ContainsFunc(f.Roots, func(r figRoot) bool { return r.At.Phase > strangler.PhaseLegacy }) {
		n = 3 // a seed came up
	}
	var b strings.Builder
	for k := n - 1; k >= 0; k-- {
		if (k%3 == 0) == behind {
			continue
		}
		r := 92 * math.Sqrt((float64(k)+.5)/figLeaves)
		a := float64(k) * goldenAngle
		x, y := figMiddle+1.3*r*math.Cos(a), 88+.8*r*math.Sin(a)
		size := 13 + 3.5*math.Sin(float64(k)*2.1)
		if behind {
			tone := string("ac"[k%2])
			fmt.Fprintf(&b, `<circle class="f-leaf-%s" fill="%s" cx="%.0f" cy="%.0f" r="%.0f"/>`, tone, figColours["leaf-"+tone], x, y, size+6)
			continue
		}
		tone := string("abd"[k/3%3])
		turn := math.Atan2(y-110, x-figMiddle) * 180 / math.Pi
		fmt.Fprintf(&b, `<path class="f-leaf-%s" fill="%s" transform="translate(%.0f %.0f)rotate(%.0f)" d="M-%.0f 0Q0-%.0f %.0f 0Q0 %.0f-%[6]g 0z"/>`, tone, figColours["leaf-"+tone], x, y, turn, size, size*.95, size+4, size*.95)
	}
	return b.String()
}

// girth is half the width of the trunk at a height.
func girth(y float64) float64 {
	down := max(0, (y-figFork)/(figGround-figFork))
	return 19 + 8*down + 27*math.Pow(down, 6)
}

// reachOfRoot is how far down a root comes, 0 to 1.
func reachOfRoot(at strangler.Position) float64 {
	switch at.Phase {
	case strangler.PhaseShadow:
		return .34
	case strangler.PhaseCanary:
		return .42 + .5*at.Weight.Percent()/100
	case strangler.PhaseLive, strangler.PhaseRetired:
		return 1
	}
	return 0
}

// strands draws the roots around the trunk: what of them is behind it, and what is before.
func (f fig) strands(roots []figRoot) (behind, before string) {
	var back, front strings.Builder
	for i, r := range roots {
		jitter := jitterOf(r.Name, i)
		hand := float64(1 - 2*(i%2))
		angle := 2*math.Pi*float64(i)/float64(max(1, len(roots))) + .5*jitter
		turns := .58 + .22*jitterOf(r.Name, i+100)
		phase := r.At.Phase.String()
		title := html.EscapeString(visible(r.Name)) + ": " + placeText(r.At)
		if r.At.Phase == strangler.PhaseLegacy {
			x := figMiddle + 34*math.Sin(angle)
			fmt.Fprintf(&front, `<circle class="f-legacy" fill="%s" cx="%.1f" cy="%.1f" r="3.2"><title>%s</title></circle>`, figColours["legacy"], x, figFork+8+6*math.Cos(angle*2), title)
			continue
		}
		var ahead, astern []figPoint
		flush := func() {
			paint(&back, astern, r.At.Phase)
			paint(&front, ahead, r.At.Phase)
			astern, ahead = astern[:0], ahead[:0]
		}
		for _, w := range []*strings.Builder{&back, &front} {
			fmt.Fprintf(w, `<g class="f-%s" fill="%[2]s" stroke="%[2]s"><title>%s</title>`, phase, figColours[phase], title)
		}
		length := reachOfRoot(r.At)
		const steps = 40
		last := false
		for k := range steps + 1 {
			t := length * float64(k) / steps
			p := figPoint{y: figFork - 6 + t*(figGround-figFork+8)}
			turn := angle + hand*2*math.Pi*turns*t
			start := smooth(t / .14)
			p.x = figMiddle + (girth(p.y)+2.5)*(.25+.75*start)*math.Sin(turn)
			foot := math.Pow(max(0, t-.74)/.26, 2.4) // roots spread on the ground
			p.x += foot * 40 * math.Sin(turn)
			p.half = (1 + 4.2*math.Sqrt(min(1, r.Traffic))) * (1 - .45*t)
			if length < 1 {
				p.half *= 1 - .8*math.Pow(float64(k)/steps, 2)
			} else {
				p.half = (p.half + .6 + 1.4*smooth((t-.7)/.2)) * (1 - .85*foot*foot)
			}
			if r.At.Phase == strangler.PhaseRetired {
				p.half += .5
			}
			isAhead := math.Cos(turn) > -.1 || t > .9
			if k > 0 && isAhead != last { // the piece that ends goes one point further, so that no gap is left
				if last {
					ahead = append(ahead, p)
				} else {
					astern = append(astern, p)
				}
				flush()
			}
			if last = isAhead; isAhead {
				ahead = append(ahead, p)
			} else {
				astern = append(astern, p)
			}
		}
		flush()
		back.WriteString("</g>")
		front.WriteString("</g>")
	}
	return back.String(), front.String()
}

func placeText(at strangler.Position) string {
	if at.Phase == strangler.PhaseCanary {
		return "canary " + at.String()
	}
	return at.String()
}

// figPoint is a place on a root, and half its width there.
type figPoint struct{ x, y, half float64 }

// paint draws a piece of a root: a ribbon, or what hangs in the air as a line of dashes.
func paint(b *strings.Builder, points []figPoint, phase strangler.Phase) {
	if len(points) < 2 {
		return
	}
	if phase == strangler.PhaseShadow {
		b.WriteString(`<path fill="none" stroke-width="2" stroke-dasharray="5 3.5" stroke-linecap="round" d="`)
		for i, p := range points {
			fmt.Fprintf(b, "%c%.1f %.1f", "ML"[min(i, 1)], p.x, p.y)
		}
		b.WriteString(`"/>`)
		return
	}
	b.WriteString(`<path stroke="none" d="`)
	for i, p := range points {
		nx, ny := normal(points, i)
		fmt.Fprintf(b, "%c%.1f %.1f", "ML"[min(i, 1)], p.x+nx*p.half, p.y+ny*p.half)
	}
	for i, p := range slices.Backward(points) {
		nx, ny := normal(points, i)
		fmt.Fprintf(b, "L%.1f %.1f", p.x-nx*p.half, p.y-ny*p.half)
	}
	b.WriteString(`z"/>`)
}

// normal is at a right angle to where a root goes at a point.
func normal(points []figPoint, i int) (x, y float64) {
	a, b := points[max(0, i-1)], points[min(len(points)-1, i+1)]
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return 1, 0
	}
	return -dy / length, dx / length
}

// smooth goes from 0 to 1 as t does, without corners.
func smooth(t float64) float64 {
	t = min(1, max(0, t))
	return t * t * (3 - 2*t)
}

// jitterOf is -1 to 1, by name, so that roots aren't as regular as a machine's.
func jitterOf(name string, salt int) float64 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %d", name, salt)
	return float64(h.Sum32()%2001)/1000 - 1
}
