package journal

import (
	"context"
	"io/fs"

	"github.com/strangler-fig/toolkit/internal/sqlitedb"
)

// VerifyFile verifies a file that Open may refuse, since its entries make no sense.
func VerifyFile(ctx context.Context, path string, known Hash) (Proof, error) {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return Proof{}, err
	}
	db, err := sqlitedb.Open(ctx, path, sqlitedb.Options{ApplicationID: applicationID, Migrations: scripts, Steps: map[int64]sqlitedb.Step{chainVersion: chain}})
	if err != nil {
		return Proof{}, err
	}
	defer db.Close()
	j := &Journal{db: db}
	j.publish(&fold{})
	return j.Verify(ctx, known)
}
