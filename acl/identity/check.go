package identity

// Check returns what New would refuse of a Config, as Problems, without reading or making keys.
func Check(c Config) error {
	_, err := complete(c)
	return err
}
