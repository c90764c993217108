package catalog

import (
	"strings"
	"time"

	"amparo/microdata"
)

// mediaTypes of a bundle's files, by the end of their path.
var mediaTypes = map[string]string{
	"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "json": "application/json",
	"jsonld": "application/ld+json", "html": "text/html",
}

// MediaType returns the media type of a file of a bundle.
func MediaType(path string) string {
	if t, ok := mediaTypes[path[strings.LastIndexByte(path, '.')+1:]]; ok {
		return t
	}
	return "application/octet-stream"
}

type packageField struct {
	Name        string         `json:"name"`
	Title       string         `json:"title,omitempty"`
	Type        string         `json:"type"`
	Constraints map[string]any `json:"constraints,omitempty"`
}

type packageResource struct {
	Name      string         `json:"name"`
	Path      string         `json:"path"`
	Profile   string         `json:"profile,omitempty"`
	Format    string         `json:"format"`
	MediaType string         `json:"mediatype"`
	Encoding  string         `json:"encoding,omitempty"`
	Bytes     int64          `json:"bytes"`
	Hash      string         `json:"hash"`
	Schema    *packageSchema `json:"schema,omitempty"`
}

type packageSchema struct {
	Fields        []packageField `json:"fields"`
	MissingValues []string       `json:"missingValues"`
}

// DataPackage returns the bundle's description as a Frictionless Data Package
// (specs.frictionlessdata.io, version 1). m.Files holds the files written so far.
func DataPackage(m *Manifest, c *Codebook) ([]byte, error) {
	var resources []packageResource
	for _, f := range m.Files {
		format := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
		if format != "csv" && format != "parquet" {
			continue
		}
		r := packageResource{Name: resourceName(f.Path), Path: f.Path, Format: format,
			MediaType: MediaType(f.Path), Bytes: f.Bytes, Hash: "sha256:" + f.SHA256}
		if format == "csv" {
			r.Profile, r.Encoding, r.Schema = "tabular-data-resource", "utf-8", schemaOf(f.Path, c)
		}
		resources = append(resources, r)
	}
	out := map[string]any{
		"profile": "data-package", "name": m.Dataset, "version": number(float64(m.Version)),
		"title": m.Title.In("en", m.Title["es"]), "description": m.Description.In("en", m.Description["es"]),
		"created": m.Created.Format(time.RFC3339), "resources": resources,
		"amparo": map[string]any{"method": m.Method, "epsilon": m.Epsilon, "delta": m.Delta, "privacy_unit": m.PrivacyUnit,
			"fictional": m.Fictional, "title": m.Title, "description": m.Description, "coverage": m.Coverage},
	}
	if m.License != "" {
		out["licenses"] = []map[string]string{license(m.License)}
	}
	if m.Publisher != "" {
		out["contributors"] = []map[string]string{{"title": m.Publisher, "role": "publisher"}}
	}
	return marshal(out, "\t")
}

func license(s string) map[string]string {
	if strings.Contains(s, "://") {
		return map[string]string{"path": s}
	}
	return map[string]string{"name": s}
}

func resourceName(path string) string {
	return strings.ToLower(strings.NewReplacer("/", "-", ".", "-", "_", "-").Replace(path))
}

// schemaOf returns the schema of data.csv or of a table's file. A blank is a
// level like any other, so no value is declared missing.
func schemaOf(path string, c *Codebook) *packageSchema {
	s := &packageSchema{Fields: []packageField{}, MissingValues: []string{}}
	if path == "data.csv" {
		for i := range c.Columns {
			s.Fields = append(s.Fields, levelField(c.Columns[i].Name, c.Columns[i].Label, c.Columns[i].Levels))
		}
		return s
	}
	for i := range c.Tables {
		e := &c.Tables[i]
		if e.File != path {
			continue
		}
		for _, t := range e.Columns {
			own, _ := c.Column(t.Name)
			s.Fields = append(s.Fields, levelField(t.Name, own.Label, t.Levels))
		}
		for k, name := range e.Header()[len(e.Columns):] {
			f := packageField{Name: name, Type: "number"}
			if k == 0 {
				f.Type = "integer"
			}
			s.Fields = append(s.Fields, f)
		}
		s.MissingValues = []string{""} // of projected, where the model has none
	}
	return s
}

// maxEnum is the number of levels up to which a schema repeats the codebook's.
const maxEnum = 300

func levelField(name string, label microdata.Text, levels []microdata.Level) packageField {
	f := packageField{Name: name, Title: label.In("en", ""), Type: "string"}
	if len(levels) <= maxEnum {
		var values []string
		for _, l := range levels {
			values = append(values, l.Value)
		}
		f.Constraints = map[string]any{"enum": values}
	}
	return f
}

// DCAT returns the bundle's description as DCAT-AP in JSON-LD. Addresses are
// relative to the place of the file. m.Files holds the files written so far.
func DCAT(m *Manifest) ([]byte, error) {
	words := func(t microdata.Text) (out []map[string]string) {
		for _, lang := range []string{"es", "en", "fr", "pt"} {
			if s, ok := t[lang]; ok {
				out = append(out, map[string]string{"@language": lang, "@value": s})
			}
		}
		return out
	}
	var files []map[string]any
	for _, f := range m.Files {
		files = append(files, map[string]any{
			"@type": "dcat:Distribution", "@id": f.Path, "dct:title": f.Path,
			"dcat:accessURL": id(f.Path), "dcat:downloadURL": id(f.Path),
			"dcat:mediaType": id("https://www.iana.org/assignments/media-types/" + MediaType(f.Path)),
			"dcat:byteSize":  map[string]any{"@type": "xsd:nonNegativeInteger", "@value": number(float64(f.Bytes))},
			"spdx:checksum": map[string]any{"@type": "spdx:Checksum", "spdx:algorithm": id("spdx:checksumAlgorithm_sha256"),
				"spdx:checksumValue": map[string]any{"@type": "xsd:hexBinary", "@value": f.SHA256}},
		})
	}
	out := map[string]any{
		"@context": map[string]string{"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/",
			"foaf": "http://xmlns.com/foaf/0.1/", "spdx": "http://spdx.org/rdf/terms#", "xsd": "http://www.w3.org/2001/XMLSchema#"},
		"@type": "dcat:Dataset", "@id": "./", "dct:identifier": m.Dataset, "dcat:version": number(float64(m.Version)),
		"dct:title": words(m.Title), "dct:issued": map[string]any{"@type": "xsd:dateTime", "@value": m.Created.Format(time.RFC3339)},
		"dcat:distribution": files,
	}
	description := m.Description
	if len(description) == 0 {
		description = m.Title
	}
	out["dct:description"] = words(description)
	if m.Publisher != "" {
		out["dct:publisher"] = map[string]any{"@type": "foaf:Agent", "foaf:name": m.Publisher}
	}
	if strings.Contains(m.License, "://") {
		out["dct:license"] = id(m.License)
	} else if m.License != "" {
		out["dct:license"] = map[string]any{"@type": "dct:LicenseDocument", "dct:identifier": m.License}
	}
	return marshal(out, "\t")
}

func id(address string) map[string]string { return map[string]string{"@id": address} }
