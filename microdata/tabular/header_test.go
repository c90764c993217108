package tabular

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// direct are headers of direct identifiers, by what they are.
var direct = map[string][]string{
	"a person's name": {"name", "Name", "NAME", "first name", "FirstName", "first_name", "firstname", "LASTNAME", "surname", "Full Name", "given_name",
		"nombre", "Nombres", "nombre_completo", "NOMBRECOMPLETO", "Primer Nombre", "nombre de la víctima", "apellido", "Apellido paterno", "apellidos",
		"prénom", "PRÉNOM", "prenom", "nom", "Nom de famille", "nome", "nome completo", "sobrenome", "alias", "apodo", "iniciales", "victimName", "nameOfVictim",
		"contact name agency", "mother's name", "nombre2", "name_1"},
	"a telephone number": {"phone", "Phone Number", "phoneNumber", "phone2", "teléfono", "telefono_casa", "Tel", "tel.", "celular", "cell phone", "mobile", "móvil",
		"telemóvel", "telefone", "téléphone", "WhatsApp", "número de contacto", "HomePhone"},
	"an e-mail address": {"email", "e-mail", "E_Mail", "eMail", "correo", "correo electrónico", "courriel", "mail", "emailAddress"},
	"a date of birth": {"dob", "DOB", "birthdate", "birth_date", "date of birth", "dateOfBirth", "birthday", "fecha_nacimiento", "fecha de nacimiento",
		"FechaNacimiento", "FECHANACIMIENTO", "fechaNac", "fec_nac", "data de nascimento", "dt_nasc", "date de naissance", "nacimiento"},
	"an address or exact place": {"address", "Address 1", "home address", "dirección", "direccion_actual", "domicilio", "adresse", "endereço", "street", "calle",
		"código postal", "postcode", "zip", "latitude", "lng", "GPS", "coordenadas"},
	"a document number": {"documento", "Documento", "num_documento", "número de documento", "document number", "doc", "dui", "DUI", "DPI", "cédula", "curp", "pasaporte",
		"passport", "passport_no", "passport number", "RG", "cpf", "dni", "ssn", "identity number", "IdentityNumber", "id_number", "numero_identidad",
		"soc_sec_id", "carte d'identité", "tipo y número de documento"},
	"an identifier of a person or case": {"id", "ID", "uuid", "victim_id", "Victim_ID", "idPersona", "id víctima", "case number", "case_id", "expediente", "folio"},
	"free text":                         {"notes", "Case notes", "comentarios", "observaciones", "relato", "testimonio"},
}

// harmless are headers of case records that must not be refused.
var harmless = []string{"countryName", "country_name", "nombre_pais", "Nombre del país", "agency name", "nombre de la organización", "program_name", "column name",
	"typeOfExploitation", "tipo de explotación", "gender", "sexo", "género", "edad", "age", "ageBroad", "idade", "nationality", "nacionalidad", "citizenship",
	"country of birth", "país de nacimiento", "year of birth", "año de nacimiento", "pays de naissance", "lugar de nacimiento", "birth order",
	"tipo de documento", "documentType", "documentos retenidos", "withholdsDocuments", "documents withheld", "passport withheld", "pasaporte retenido",
	"tiene pasaporte", "undocumented", "document_status", "identidad de género", "gender identity", "sexual identity",
	"has phone", "tiene teléfono", "phone access", "mobile app", "mobility", "telephoning", "cellular", "situación de calle", "niños de la calle", "niño", "niños", "niñas", "street children",
	"email access", "addressed", "needs addressed", "redirection", "income>50K", "relationship", "marital-status", "education-num", "fnlwgt", "race", "workclass",
	"isForcedLabour", "meansOfControlThreatOfLawEnforce", "recruiterRelationFamily", "means", "noma", "nominal", "monitoring", "renombre", "idioma", "ideology", "country_id",
	"id_pais", "año", "mes", "year", "yearOfRegistration", "region", "municipio", "departamento", "state", "notified", "footnote count", "comment count", "getting in/out of bed",
	"prs_Gender", "prs_Citizenship", "prs_MailingCountry", "vic_TypeOfExploitation", "vic_AgeWhenTrafficked", "hte_Country", "org_Type", "con_Consent", "cas_Status"}

func TestHeadersOfDirectIdentifiers(t *testing.T) {
	for want, headers := range direct {
		for _, h := range headers {
			if got := directIdentifier(h); got != want {
				t.Errorf("%q: %q, want %q", h, got, want)
			}
		}
	}
	for _, h := range harmless {
		if got := directIdentifier(h); got != "" {
			t.Errorf("%q is taken for %s", h, got)
		}
	}
	for _, id := range htcdsDirect {
		if directIdentifier(id) == "" || directIdentifier(strings.ToLower(id)) == "" {
			t.Errorf("HTCDS %s is not known", id)
		}
	}
}

// TestHeadersOfRealFilesPass: none of the columns of the real files is refused.
func TestHeadersOfRealFilesPass(t *testing.T) {
	for _, name := range []string{"ctdc/global_synthetic_2021.csv", "dp/adult.csv", "dp/hd_nltcs.csv", "dp/arx/adult.csv"} {
		t.Run(name, func(t *testing.T) {
			line, _, _ := bytes.Cut(realFile(t, name), []byte("\n"))
			for h := range strings.FieldsFuncSeq(strings.TrimSpace(string(line)), func(r rune) bool { return r == ',' || r == ';' }) {
				if got := directIdentifier(h); got != "" {
					t.Errorf("%q is taken for %s", h, got)
				}
			}
		})
	}
}

func TestHeaderWords(t *testing.T) {
	for header, want := range map[string]string{
		"fechaDeNacimiento":  "fecha nacimiento",
		"PrénomUsuel":        "prenom usuel",
		"HTTPServerName2":    "http server name 2",
		"número_de_teléfono": "numero telefono",
		"CASE-ID":            "case id",
		"nin\u0303o":         "nino", // an accent that stands apart
		"  ":                 "",
		"año":                "ano",
		"名前":                 "名前",
	} {
		if got := headerWords(header); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
	if len(accentedRunes) != len(plain) {
		t.Errorf("%d accented letters, %d plain", len(accentedRunes), len(plain))
	}
}
