package format

import (
	"fmt"
	"strings"
	"testing"
)

// TestXMLMemory holds what Format promises: reading takes at most ten times the body, of which it
// counts everything that was ever allocated, live or not.
func TestXMLMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(begin, part, end string) string {
		return begin + strings.Repeat(part, max(0, size-len(begin)-len(end))/max(1, len(part))) + end
	}
	different := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-64; i++ {
			fmt.Fprintf(&b, format, i, i)
		}
		return b.String()
	}
	tags := fill("", "<a>", "")
	elements := strings.Repeat(`<a `+many(`x%d="" `, 1000)+`/>`, size/9000)
	for name, body := range map[string]string{
		"empty elements":              fill("<a>", "<a/>", "</a>"),
		"elements with a text":        fill("<a>", "<a>b</a>", "</a>"),
		"elements of two":             fill("<a>", "<a><b/><b/></a>", "</a>"),
		"attributes":                  fill("<a>", `<a b=""/>`, "</a>"),
		"attributes and text":         fill("<a>", `<a b="">x</a>`, "</a>"),
		"spaced attributes":           fill("<a>", `<a b = "">x</a>`, "</a>"),
		"many attributes":             "<a>" + elements + "</a>",
		"one tag of attributes":       "<a" + different(` a%x="%x"`) + "/>",
		"declarations":                "<a>" + strings.Repeat("<a"+many(` xmlns:x%d="u"`, 200)+"/>", size/4000) + "</a>",
		"renamed":                     fill(`<a xmlns:p="urn:long">`, "<p:b/>", "</a>"),
		"renamed attributes":          fill(`<a xmlns:p="urn:long">`, `<b p:c=""/>`, "</a>"),
		"renamed differently":         `<a xmlns:p="urn:long">` + different("<p:n%x/><c%x/>") + "</a>",
		"nothing but depth":           tags,
		"depth again and again":       "<a>" + strings.Repeat(strings.Repeat("<a>", 500)+strings.Repeat("</a>", 500), size/3500) + "</a>",
		"references":                  fill("<a>", "&lt;", "</a>"),
		"CDATA":                       fill("<a>", "<![CDATA[x]]>", "</a>"),
		"comments":                    fill("<a>", "<!---->", "</a>"),
		"null":                        fill(`<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance">`, `<a i:nil="1"/>`, "</a>"),
		"null that isn't":             fill(`<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance">`, `<a i:nil="1"><b/></a>`, "</a>"),
		"equals signs":                fill("<a>", `="`, "</a>"),
		"text":                        fill("<a>", "x", "</a>"),
		"a name":                      fill("<", "a", "/>"),
		"latin-1":                     fill("<?xml version='1.0' encoding='ISO-8859-1'?><a>", "<\xe4/>", "</a>"),
		"UTF-16":                      "\xff\xfe" + fill("<\x00a\x00>\x00", "<\x00a\x00/\x00>\x00", "<\x00/\x00a\x00>\x00"),
		"euros in windows-1252":       fill("<?xml version='1.0' encoding='windows-1252'?><a>", "\x80", "</a>"),
		"equals in windows-1252":      fill("<?xml version='1.0' encoding='windows-1252'?><a>", strings.Repeat("\x80", 7)+"===", "</a>"),
		"elements in windows-1252":    fill("<?xml version='1.0' encoding='windows-1252'?><a>", "<a b='\x80\x80\x80\x80'/>", "</a>"),
		"renamed in windows-1252":     "<?xml version='1.0' encoding='windows-1252'?>" + `<a xmlns:p="urn:long">` + fill("", "<p:b c='\x80\x80\x80\x80'/>", "</a>"),
		"renamed and euros":           "<?xml version='1.0' encoding='windows-1252'?>" + `<a xmlns:p="urn:long">` + many("<p:"+strings.Repeat("n", 80)+"%x/>", 4000) + fill("<b>", "\x80", "</b></a>"),
		"equals in a detail":          fill("<?xml version='1.0' encoding='windows-1252'?>"+envelope11+"><soap:Body><soap:Fault><detail>", strings.Repeat("\x80", 7)+"===", "</detail></soap:Fault>"+closing),
		"a detail behind a header":    envelope11 + ">" + fill("<soap:Header>", "<a/>", "</soap:Header>") + "<soap:Body><soap:Fault>" + fill("<detail>", "<a/>", "</detail></soap:Fault>"+closing),
		"replacements in UTF-16":      "\xff\xfe" + fill("<\x00a\x00>\x00", "\xfd\xff", "<\x00/\x00a\x00>\x00"),
		"a message":                   fill(envelope11+"><soap:Body><a>", "<a/>", "</a>"+closing),
		"header blocks":               fill(envelope11+"><soap:Header>", "<a/>", "</soap:Header><soap:Body><a/>"+closing),
		"header blocks of a long URI": fill(envelope11+">"+`<soap:Header xmlns:p="`+strings.Repeat("u", 2000)+`">`+different("<p:a%x/><p:b%x/>"), "", "</soap:Header><soap:Body><a/>"+closing),
		"a fault":                     fill(envelope11+"><soap:Body><soap:Fault><detail>", "<a/>", "</detail></soap:Fault>"+closing),
		"a fault of many details":     fill(envelope11+"><soap:Body><soap:Fault>", "<detail/>", "</soap:Fault>"+closing),
		"a fault of many reasons":     fill(envelope11+"><soap:Body><soap:Fault>", "<faultstring/>", "</soap:Fault>"+closing),
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Name: XML, Namespaces: map[string]string{"prefix": "urn:long"}}
			if strings.Contains(body[:min(len(body), len(envelope11)+50)], envelope11) {
				config.Name = SOAP
			}
			f, in := mustNew(t, config), []byte(body)
			var err error
			took := float64(allocated(func() { _, err = f.Decode(in, "") })) + float64(len(in))
			t.Logf("%.1f times, %.80v", took/float64(len(in)), err)
			if limit := 10*float64(len(in)) + 256<<10; took > limit {
				t.Errorf("%d bytes took %.1f times that", len(in), took/float64(len(in)))
			}
		})
	}
}
