package shadow

// hostsOf returns what a side may call itself in the address that an answer of its redirects to:
// the host that the client asked for, and those of the side's own addresses. Few answers redirect;
// for others it is nil.
func (x *exchange) hostsOf(side Side, location []string) []string {
	if location == nil {
		return nil
	}
	own := x.p.LegacyHosts
	if side == Service {
		own = x.p.ServiceHosts
	}
	return append(own[:len(own):len(own)], x.copy.Host)
}

// side is whose answers a target gives: a sandbox stands for the service.
func (t target) side() Side {
	if t.name == "legacy" {
		return Legacy
	}
	return Service
}
