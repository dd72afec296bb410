package dashboard

import (
	"fmt"
	"math"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// Sparklines are pictures of 960 by 220, shown at a tenth, without axes: two lines of the same scale; what they show last
// stands beside them in figures.
const (
	sparkWidth  = 960.0
	sparkHeight = 220.0
)

// spark is one: paths of both sides. Said is what is to be seen, in words.
type spark struct {
	Legacy, Service string
	Said            string
}

// sparkOf draws values of both sides; NaN is no value. least is up to what the scale goes at least.
func sparkOf(legacy, service []float64, least float64) spark {
	top := least
	for _, values := range [][]float64{legacy, service} {
		for _, v := range values {
			if !math.IsNaN(v) {
				top = max(top, v)
			}
		}
	}
	return spark{Legacy: sparkPath(legacy, top), Service: sparkPath(service, top)}
}

// sparkPath draws values on a scale up to top. A value between two that aren't there is a dot.
func sparkPath(values []float64, top float64) string {
	if top <= 0 {
		top = 1
	}
	var b strings.Builder
	pen, lastX, lastY := false, 0, 0
	for i, v := range values {
		if math.IsNaN(v) {
			pen = false
			continue
		}
		x := int(10 + (sparkWidth-20)*float64(i)/float64(max(1, len(values)-1)))
		y := int(sparkHeight - 15 - (sparkHeight-30)*min(1, v/top))
		switch {
		case pen: // from where it is: that is short
			fmt.Fprintf(&b, "l%d %d", x-lastX, y-lastY)
		case i+1 == len(values) || math.IsNaN(values[i+1]):
			fmt.Fprintf(&b, "M%d %dh1", x, y)
		default:
			fmt.Fprintf(&b, "M%d %d", x, y)
		}
		pen, lastX, lastY = true, x, y
	}
	return b.String()
}

// each returns a value for each point.
func each(points []web.SeriesPoint, of func(*web.SeriesPoint) float64) []float64 {
	values := make([]float64, len(points))
	for i := range points {
		values[i] = of(&points[i])
	}
	return values
}

// part is n of whole in percent; NaN where there is no whole.
func part(n, whole int64) float64 {
	if whole <= 0 {
		return math.NaN()
	}
	return 100 * float64(n) / float64(whole)
}
