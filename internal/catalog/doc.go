// Package catalog reads published bundles: what the public may see, and nothing
// else.
//
// A catalog is a folder:
//
//	ledger.jsonl                 the public ledger: chained, signed, append-only
//	<dataset>/<version>/         one bundle, immutable
//	    manifest.json            method, ε, δ, μ, hash of every file, signatures
//	    data.csv data.parquet    synthetic records
//	    tables/*.csv             noisy tables: count, variance, interval
//	    codebook.json            columns, levels, tables
//	    datapackage.json dcat.jsonld report.<lang>.html
//
// A [Bundle] can only be had from [Catalog.Bundle], so a Bundle in hand was
// published through the ledger, is not withdrawn, and holds the bytes that were
// signed. A bundle that was touched in any way is refused whole. Writing is the
// work of catalog/publish; this package never writes to a catalog.
package catalog
