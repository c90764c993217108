package tabular

// The limits keep memory bounded whatever a file holds. A file beyond one is
// refused with a word about it.
const (
	maxColumns   = 4096    // columns of a file
	maxRecord    = 1 << 20 // bytes of one row
	maxField     = 1 << 16 // bytes of one value
	maxName      = 200     // bytes of a column's name
	maxRows      = 1 << 28 // rows of a file
	maxCodes     = 1 << 31 // rows × columns: 4 GiB of codes
	maxDistinct  = 100_000 // distinct values of an open column: from here on it is an identifier
	maxOpenValue = 1 << 10 // bytes of a value of an open column: longer is free text
	maxOpenBytes = 1 << 28 // bytes of all values of all open columns
)

// blockSize is the number of bytes that one worker parses at a time.
const blockSize = 1 << 18
