package strangler

import (
	"fmt"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	routes := []string{"orders-read", "orders-write", "catalogue", "cart", "card"}
	tests := []struct {
		name  string
		wrote string
		names []string
		want  string
	}{
		{"a letter is missing", "order-read", routes, "orders-read"},
		{"a letter too many", "orders-reead", routes, "orders-read"},
		{"a wrong letter", "catalogoe", routes, "catalogue"},
		{"two neighbours swapped", "catalgoue", routes, "catalogue"},
		{"swapped in a short name", "crat", routes, "cart"},
		{"case is no difference", "CATALOGUE", routes, "catalogue"},
		{"the name itself", "cart", routes, "cart"},
		{"the nearer of two", "orders-writ", routes, "orders-write"},
		{"of equally near ones the first", "carx", routes, "cart"},
		{"another word", "users", routes, ""},
		{"two letters that share none", "ab", []string{"xy"}, ""},
		{"one letter is like no other", "a", []string{"b"}, ""},
		{"letters, not bytes", "büchér", []string{"bücher"}, "bücher"},
		{"nothing written", "", routes, ""},
		{"nothing to choose from", "cart", nil, ""},
		{"too long to be a slip", strings.Repeat("a", 300), []string{strings.Repeat("a", 299)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nearest(tt.wrote, tt.names); got != tt.want {
				t.Errorf("Nearest(%q) = %q, want %q", tt.wrote, got, tt.want)
			}
		})
	}
}

func TestSlips(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"kitten", "sitting", 3},
		{"ab", "ba", 1},
		{"abcd", "badc", 2},
		{"orders", "orders", 0},
	}
	for _, tt := range tests {
		t.Run(tt.a+"/"+tt.b, func(t *testing.T) {
			if got := slips(tt.a, tt.b); got != tt.want {
				t.Errorf("slips(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
			}
			if got := slips(tt.b, tt.a); got != tt.want {
				t.Errorf("slips(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
			}
		})
	}
}

func ExampleNearest() {
	err := &UnknownRouteError{Name: "order-read", Near: Nearest("order-read", []string{"orders-read", "cart"})}
	fmt.Println(err)
	// Output: no route "order-read"; did you mean "orders-read"?
}
