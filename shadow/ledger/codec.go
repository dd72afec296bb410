package ledger

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// codec packs messages into blobs: what is known of a message as JSON, then its body as it
// came, together under zstd. It is safe for concurrent use and has no goroutines, so that there is
// nothing to close: who still reads while the ledger closes is not cut off.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// maxDecoded bounds what one blob may unpack to, in bytes, should the file have been tampered with.
const maxDecoded = 256 << 20

var errBlob = errors.New("unpack a recorded message: the blob is damaged")

func newCodec() (codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return codec{}, err
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDecoded))
	return codec{encoder, decoder}, err
}

// encode packs head, whose own body must be nil, and a body. A nil body stays apart from an
// empty one: the length before the head is twice its own, plus one where there is a body.
func (c codec) encode(head any, body []byte) ([]byte, error) {
	text, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	mark := uint64(len(text)) << 1
	if body != nil {
		mark |= 1
	}
	plain := binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen64+len(text)+len(body)), mark)
	plain = append(append(plain, text...), body...)
	return c.encoder.EncodeAll(plain, nil), nil
}

// decode unpacks a blob into head and returns the body.
func (c codec) decode(blob []byte, head any) (body []byte, err error) {
	plain, err := c.decoder.DecodeAll(blob, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack a recorded message: %w", err)
	}
	mark, n := binary.Uvarint(plain)
	if n <= 0 || mark>>1 > uint64(len(plain)-n) {
		return nil, errBlob
	}
	text, body := plain[n:n+int(mark>>1)], plain[n+int(mark>>1):]
	if err := json.Unmarshal(text, head); err != nil {
		return nil, fmt.Errorf("unpack a recorded message: %w", err)
	}
	if mark&1 == 0 {
		if len(body) > 0 {
			return nil, errBlob
		}
		return nil, nil
	}
	return body, nil
}
