package tabular

import (
	"slices"
	"strings"
	"unicode"
)

// A nameRule recognises headers of one sort of direct identifier.
type nameRule struct {
	what string
	// phrases are words that stand side by side in the header, small words
	// between them left out; a header written as one word is known too.
	phrases string // separated by commas
	// unless are words beside which the header is harmless: "tipo de documento".
	unless string
	// still are words beside which it is not harmless all the same.
	still string
}

// The rules err on the side of asking: an --allow is quick and recorded, a name in
// a release is for ever. They are in folded spelling: small letters, no accents.
var nameRules = []nameRule{
	{
		what: "a person's name",
		phrases: "name, names, nom, noms, nome, nomes, apellido, apellidos, surname, surnames, forename, " +
			"firstname, lastname, fullname, middlename, fname, lname, nickname, username, alias, apodo, apodos, " +
			"prenom, prenoms, sobrenome, sobrenomes, apelido, apelidos, patronyme, patronymic, initials, iniciales, iniciais, initiales, " +
			"paterno, materno, nome completo, nom complet",
		unless: named,
		still:  persons,
	},
	{
		what:    "a person's name", // in Spanish; in French "nombre de" is the number of
		phrases: "nombre, nombres, nombre completo",
		unless:  named + "enfants victimes personnes mineurs femmes hommes cas dossiers mois jours annees heures",
		still:   persons,
	},
	{
		what: "a telephone number",
		phrases: "phone, phones, telephone, telephones, telefono, telefonos, telefone, telefones, tel, telf, telef, celular, celulares, " +
			"cellphone, cell phone, cell, mobile, movil, telemovel, whatsapp, fax, msisdn, landline, contact number, numero contacto, numero contato",
		unless: having + lured + "app apps application aplicacion money unit unidad team equipo clinic clinica payment pago network red company",
		still:  numbers,
	},
	{
		what:    "an e-mail address",
		phrases: "email, emails, mail, mails, correo, correos, courriel, courriels, correio, correio eletronico",
		unless:  having + lured,
	},
	{
		what: "a date of birth",
		phrases: "dob, fdn, ddn, birthdate, birthday, cumpleanos, fechanac, fecnac, fnac, dtnasc, birth, birth date, date birth, nacimiento, " +
			"fecha nacimiento, fecha nac, fec nac, nascimento, data nascimento, data nasc, dt nasc, naissance, date naissance",
		unless: places + "year ano annee month mes mois order orden ordre rate tasa weight peso control attended age edad idade registered registrado",
		still:  "date fecha fec data dt day dia jour dob",
	},
	{
		what: "an address or exact place",
		phrases: "address, addresses, addr, direccion, direcciones, domicilio, domicilios, domicile, adresse, adresses, endereco, enderecos, " +
			"logradouro, street, calle, rue, rua, avenida, postcode, zipcode, zip, postal code, codigo postal, code postal, cep, " +
			"latitude, longitude, latitud, longitud, lat, lon, lng, gps, coordinates, coordenadas, coordonnees, geolocation",
		unless: having + "country pais pays type tipo situation situacion situacao child children nino ninos nina ninas menores crianca criancas enfant enfants " +
			"work trabajo trabalho travail living vida vivir vendor venta begging mendicidad homeless sex based",
		still: "home number numero",
	},
	{
		what:    "an address or exact place", // but a mailing state is no more than a region
		phrases: "mailing",
		unless:  "country state province type",
	},
	{
		what: "a document number",
		phrases: "document, documento, doc, document number, documents number, numero documentos, passport, passports, pasaporte, pasaportes, " +
			"passeport, passaporte, dui, dpi, curp, cedula, cui, dni, nie, nif, nit, rut, rfc, cpf, rg, cni, ssn, nss, carnet, " +
			"social security, soc sec, seguro social, securite sociale, identity number, identification number, id number, id card, id no, " +
			"identity card, national id, numero identidad, numero identificacion, numero identite, numero identidade, identidad, identidade, " +
			"tarjeta identidad, carte identite, piece identite, driver license, drivers license, driving licence, licencia conducir, " +
			"visa number, numero visa, tax id",
		unless: having + "type tipo types tipos status estado valid valido vigente validity country pais pays issuing false falso falsos falsa forged fraudulent " +
			"gender genero sexual etnica cultural",
		still: numbers,
	},
	{
		what: "an identifier of a person or case",
		phrases: "uuid, guid, folio, folios, expediente, expedientes, case number, case no, numero caso, numero dossier, numero processo, " +
			"record number, record id, id registro, id record, case id, id case, id caso, caso id, codigo caso, case code, " +
			"victim code, codigo victima, codigo vitima, code victime, person code, codigo persona, codigo pessoa, code personne, " + withID(persons),
		unless: places + "type tipo status estado",
	},
	{
		what: "free text",
		phrases: "note, notes, notas, nota, comment, comments, comentario, comentarios, commentaire, commentaires, observaciones, observations, " +
			"observacoes, remarks, narrative, narrativa, relato, testimony, testimonio, testemunho, temoignage",
		unless: "type tipo period periodo year ano date fecha number numero count",
	},
}

// Words that several rules share. Each list ends with a space.
const (
	places = "country countries pais paises pays region regiao regions state estado province provincia department departamento municipio " +
		"municipality city ciudad cidade ville district distrito canton place lugar local lieu "
	bodies = "agency agencia agence organisation organization organizacion organizacao org ong ngo institution institucion instituicao " +
		"office oficina programme program programa project proyecto projeto dataset site sitio website "
	persons = "first last full middle given family maiden victim victima vitima victime person persona pessoa personne client cliente " +
		"beneficiary beneficiario survivor sobreviviente child nino nina mother madre mae mere father padre pai pere contact contacto contato " +
		"worker caseworker owner interviewer entrevistador officer trafficker tratante suspect perpetrator patient paciente respondent "
	having = "has have tiene tienen tem possui access acceso acesso own owns uses use usa possession posesion posse with without con sin com sem " +
		"avec sans withheld withhold withholds withholding retained retiene retencion retenido retenidos retenida retido retidos retencao confiscated " +
		"confiscation confiscado confiscados taken taking "
	// named are things that have names and are no persons.
	named = places + bodies + "file archivo table tabla column columna variable field campo category categoria type tipo class clase " +
		"currency moneda language idioma lengua lingua langue nationality nacionalidad occupation ocupacion industry industria " +
		"sector setor list lista level nivel group grupo dataset event evento service servicio servico law ley form formulario " +
		"offence crime delito crimen delit "
	// lured are words of how someone was recruited: by telephone, by e-mail.
	lured   = "recruited recruitment captado captada captacion recrute recrutee recrutement aliciado aliciada aliciamento contacted contactado contactada "
	numbers = "number numbers numero numeros num nro nr "
	small   = " de del la el los las of the du des le les da do dos das y e and et d l "
)

// withID pairs each word with id, both ways round.
func withID(words string) string {
	var out []string
	for _, w := range strings.Fields(words) {
		out = append(out, w+" id", "id "+w)
	}
	return strings.Join(out, ", ")
}

// htcdsDirect are the fields of the Human Trafficking Case Data Standard 2.0 that
// name a person, a way to reach one, or hold free text.
var htcdsDirect = strings.Fields(`
	prs_FirstName prs_MiddleName prs_SecondName prs_LastName prs_Birthdate prs_IdentityNumber prs_Email prs_HomePhone prs_MobilePhone
	prs_MailingStreet prs_MailingPostalCode prs_MailingLongitude prs_MailingLatitude prs_MailingCity
	org_Phone org_ShippingStreet org_ShippingPostalCode org_ShippingLongitude org_ShippingLatitude
	vic_DetailsOfVulnerabilities per_RoleDetails cas_CaseOwner cas_ReferringPrimaryCaseWorker cas_ReferredPrimaryCaseWorker
	cas_IncomingReferralDetails cas_OutgoingReferralDetails cco_CaseComment hte_Longitude hte_Latitude hte_Street hte_PostalCode
	hte_Description spl_Objectives spl_ActionPlan`)

// directIdentifier says what direct identifier of a person a header looks like,
// in es, en, fr, pt or by its HTCDS id, or "".
func directIdentifier(header string) string {
	for _, id := range htcdsDirect {
		if strings.EqualFold(header, id) {
			return "the HTCDS field " + id
		}
	}
	words := headerWords(header)
	if len(words) == 0 {
		return ""
	}
	if words[0] == "id" && (len(words) == 1 || len(words) == 2 && isDigits(words[1])) {
		return "an identifier of a person or case"
	}
	joined := strings.Join(words, "")
	for i := range nameRules {
		r := &nameRules[i]
		for phrase := range strings.SplitSeq(r.phrases, ",") {
			p := strings.Fields(phrase)
			if joined != strings.Join(p, "") {
				at := indexOf(words, p)
				if at < 0 {
					continue
				}
				rest := slices.Concat(words[:at], words[at+len(p):])
				if anyOf(rest, r.unless) && !anyOf(rest, r.still) {
					continue
				}
			}
			return r.what
		}
	}
	return ""
}

// headerWords takes a header apart into folded words: at every byte that is no
// letter, between small and capital letters, between letters and digits. Small
// words such as "de" are left out.
func headerWords(header string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if w := word.String(); w != "" && !strings.Contains(small, " "+w+" ") {
			words = append(words, w)
		}
		word.Reset()
	}
	runes := []rune(header)
	for i, r := range runes {
		if unicode.Is(unicode.Mn, r) { // an accent that stands apart
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		if i > 0 {
			before := runes[i-1]
			next := rune(0)
			if i+1 < len(runes) {
				next = runes[i+1]
			}
			switch {
			case unicode.IsUpper(r) && unicode.IsLower(before),
				unicode.IsUpper(r) && unicode.IsUpper(before) && unicode.IsLower(next),
				unicode.IsDigit(r) != unicode.IsDigit(before):
				end()
			}
		}
		word.WriteRune(fold(unicode.ToLower(r)))
	}
	end()
	return words
}

const (
	accented = "áàâãäåāéèêëēíìîïīóòôõöøōúùûüūçñýÿ"
	plain    = "aaaaaaaeeeeeiiiiiooooooouuuuucnyy"
)

func fold(r rune) rune {
	if i := slices.Index(accentedRunes, r); i >= 0 {
		return rune(plain[i])
	}
	return r
}

var accentedRunes = []rune(accented)

func indexOf(words, phrase []string) int {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return i
		}
	}
	return -1
}

func anyOf(words []string, list string) bool {
	for w := range strings.FieldsSeq(list) {
		if slices.Contains(words, w) {
			return true
		}
	}
	return false
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
