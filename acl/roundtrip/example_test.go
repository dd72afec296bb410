package roundtrip_test

import (
	"context"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
)

func ExampleTest() {
	test, err := roundtrip.New(roundtrip.Config{
		From: body.ToService, // the bodies are legacy's
		Definition: body.Definition{
			Legacy:  format.Config{Name: format.JSON},
			Service: format.Config{Name: format.JSON},
			Lens: lens.Definition{
				Fields:  []lens.Field{{Legacy: []string{"CUST_NM"}, Service: []string{"name"}}},
				Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop},
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = test.Add(context.Background(), roundtrip.Body{Name: "first", Text: []byte(`{"CUST_NM": "Ada", "FAX": "-"}`)})
	_ = test.Add(context.Background(), roundtrip.Body{Name: "second", Text: []byte(`{"CUST_NM": "Bo"}`)})
	for _, p := range test.Report().Places {
		fmt.Printf("%s is %s in %.0f %% of bodies: %s\n", p.Pointer, p.Kind, 100*p.Share, p.Why)
	}
	// Output: /FAX is lost in 50 % of bodies: no field names it, and unknown says drop
}
