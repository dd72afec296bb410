// Package strangler is the routing proxy of a strangler-fig migration: it fronts a legacy
// application and shifts its endpoints, one route at a time, to new services.
package strangler
