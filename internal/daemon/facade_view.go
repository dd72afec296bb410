package daemon

import (
	"cmp"
	"context"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// Facades implements web.Interpreter.
func (d *Daemon) Facades() []web.Facade {
	all := []web.Facade{}
	for _, f := range d.current.Load().config.Facades {
		all = append(all, d.facadeView(f))
	}
	return all
}

// Facade implements web.Interpreter.
func (d *Daemon) Facade(ctx context.Context, name string) (web.FacadeDetail, error) {
	cfg := d.current.Load().config
	for _, f := range cfg.Facades {
		if f.Name != name {
			continue
		}
		detail := web.FacadeDetail{Facade: d.facadeView(f), Routes: []web.FacadeRoute{}}
		for _, r := range f.Routes {
			one := web.FacadeRoute{Methods: orNone(r.Match.Methods), Path: cmp.Or(r.Translation.Exchange.Path.Service, r.Match.Path)}
			one.Parts, one.Bodies, one.Session = describeTranslation(cfg, r.Translation)
			detail.Routes = append(detail.Routes, one)
		}
		var err error
		detail.Failures, err = d.failedTranslations(ctx, facadeTraffic(name))
		return detail, err
	}
	return web.FacadeDetail{}, &web.NotFoundError{What: "facade", Name: name}
}

func (d *Daemon) facadeView(f config.Facade) web.Facade {
	figures := d.traffic.of(facadeTraffic(f.Name))
	return web.Facade{Name: f.Name, Address: f.Listen, URL: d.FacadeURL(f.Name),
		Calls:    figures.sides[strangler.SideLegacy].stats(time.Now(), d.started),
		Requests: figures.translated.requests.view(), Answers: figures.translated.answers.view()}
}
