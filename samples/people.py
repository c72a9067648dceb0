"""Who and where: invented names, real cities, telephone ranges that regulators reserve for fiction."""

# First and family names by the language of the country; combined freely, so nobody real is meant.
NAMES = {
    "en": (
        "Ada Alice Amelia Beatrice Charlotte Daisy Edith Eleanor Esther Fiona Grace Hannah Imogen Ivy Joan Kate Laura Lydia "
        "Mabel Nora Olive Phoebe Rose Ruby Sophie Tessa Violet Willa Zoe Albert Arthur Ben Callum Daniel Dylan Edward Felix "
        "George Harry Isaac Jack Jude Leo Luke Marcus Nathan Oliver Owen Patrick Ralph Samuel Theo Tom Walter".split(),
        "Abbott Ainsworth Barlow Bell Bramley Calloway Carver Clough Crane Dalton Drummond Eastwood Ellery Fairley Fenwick "
        "Forster Garrity Gibbons Hale Harding Holloway Hurst Ingram Jessop Kendrick Lacey Langford Lockett Maddox Merriman "
        "Nash Northcott Okafor Osborne Palmer Penrose Quigley Radcliffe Redfern Sawyer Sheridan Tanner Thackeray Underhill "
        "Vance Wardle Whitlock Winslow Yardley Yates".split(),
    ),
    "fr": (
        "Adèle Agathe Amélie Anaïs Aurélie Camille Capucine Chloé Clémence Élise Élodie Emma Gaëlle Hélène Inès Jeanne Léa "
        "Louise Manon Margaux Mathilde Noémie Océane Pauline Rachida Sabine Salomé Zoé Adrien Antoine Baptiste Benoît Cédric "
        "Clément Émile Étienne Fabien Gaël Hugo Jérôme Julien Karim Loïc Lucas Mathieu Maxime Nicolas Rémi Sébastien Théo "
        "Thibault Valentin Yannick Youssef".split(),
        "Arnoux Aubert Barbier Béranger Blanchet Bonnefoy Carpentier Charrier Chevallier Collet Couderc Delacourt Delmas "
        "Duchesne Dufour Esnault Faivre Fontaine Gaillard Garnier Guérin Hamidi Jacquet Joubert Lagarde Lambert Laurens "
        "Lecomte Lefèvre Lemoine Maillard Marchand Mercier Moreau Nègre Paquet Perrin Pichon Prévost Renaud Rivière Roussel "
        "Saunier Tessier Thévenet Vasseur Verdier Vidal".split(),
    ),
    "de": (
        "Anja Annika Birgit Carla Elke Franziska Greta Hanna Ida Jana Johanna Katrin Lea Lena Maike Marlene Mia Nele Petra "
        "Ronja Sabrina Silke Svenja Tanja Ulrike Aylin Bernd Christoph Dirk Emre Fabian Florian Frieder Hannes Henrik Jan "
        "Jens Jonas Jörg Jürgen Karsten Lars Lukas Malte Moritz Niklas Ole Philipp Ralf Stefan Sven Timo Tobias Uwe".split(),
        "Ackermann Albrecht Bachmann Baumgart Behrens Brandt Böhm Dietrich Ebert Eichhorn Engel Falk Fiedler Förster Gerlach "
        "Götz Graf Grünwald Hartwig Heinze Hellmann Jäger Jansen Kessler Köhler Krüger Kuhlmann Lindner Lorenz Mertens "
        "Nowak Oswald Pohl Reinhardt Richter Sander Schäfer Schilling Schröder Seidel Stein Thiele Ullrich Vogel Wegner "
        "Weiß Winkler Yilmaz Ziegler Zimmermann".split(),
    ),
    "es": (
        "Adriana Alba Beatriz Carmen Celia Clara Elena Fátima Inés Irene Lucía Marina Marta Nerea Nuria Olivia Paula Pilar "
        "Rocío Sofía Valeria Verónica Álvaro Andrés Bruno Carlos César Diego Enrique Gonzalo Héctor Ignacio Iván Javier Jesús "
        "Joaquín Jorge Mateo Óscar Pablo Raúl Rubén Sergio Víctor".split(),
        "Aguilar Alonso Barrios Benítez Blanco Bravo Cabello Calvo Campos Cano Crespo Durán Esteban Ferrer Fuentes Gallardo "
        "Gil Herrero Ibáñez Lozano Marín Medina Molina Montero Mora Muñoz Navarro Ortega Pastor Peña Prieto Quintana Reyes "
        "Rivas Rojas Sáez Salas Serrano Soler Soto Torres Vega Vera Vidal Zamora".split(),
    ),
    "nl": (
        "Anouk Britt Eva Femke Fleur Hanneke Ilse Jolijn Lieke Lotte Maaike Marieke Nienke Roos Sanne Tess Willemijn Bas Bram "
        "Coen Daan Gijs Jasper Jeroen Joost Koen Maarten Niels Pieter Ruben Sander Stijn Thijs Wouter".split(),
        "Bakker Bosman Brouwer Dekker Dijkstra Driessen Geerts Hendriks Hoekstra Jacobs Kuipers Lammers Maas Meijer Mulder "
        "Peeters Postma Prins Schouten Smeets Timmermans Verbeek Vermeulen Visser Vos Willems Wouters Zijlstra".split(),
    ),
    "sv": (
        "Agnes Alva Astrid Ebba Elin Elsa Frida Hedda Ingrid Karin Linnea Maja Märta Saga Signe Stina Tuva Åsa Anders Axel "
        "Björn Emil Erik Fredrik Gustav Henrik Johan Karl Linus Mattias Nils Oskar Olof Per Viktor Åke".split(),
        "Ahlgren Berglund Björklund Blom Dahlin Ekström Engström Forsberg Hedlund Hellström Holmgren Isaksson Lindqvist Lund "
        "Löfgren Norberg Nordin Nyström Sandberg Sjögren Söderberg Sundin Wallin Wikström Åberg Öberg".split(),
    ),
    "xx": (
        "Aisha Amara Anjali Ayumi Chiara Dalia Elif Farah Giulia Hana Ioana Jelena Katarzyna Leila Mei Milica Nadia Olga "
        "Priya Rania Sana Teodora Wanjiru Xin Yara Zeynep Amir Arjun Bogdan Chidi Dawid Dmitri Emeka Farid Goran Hiroshi "
        "Ibrahim Jakub Kofi Luca Mehmet Minh Nikola Omar Paolo Rafael Rohan Samir Tariq Tomasz Wei Yusuf".split(),
        "Adeyemi Ahmadi Banerjee Bianchi Chaudhry Costa Demir Diallo Dimitrov Eze Ferrari Gomes Haddad Ionescu Ivanova "
        "Jovanović Kamara Kaya Kowalczyk Lombardi Mensah Mwangi Nakamura Nguyen Novák Nwosu Oliveira Patel Petrović Popescu "
        "Rahman Rossi Sato Sharma Silva Tanaka Tran Wójcik Yamada Zhang".split(),
    ),
}

# City, country, country code, latitude, longitude, language, currency, pay against US dollars, telephone pattern.
# A `?` is any digit. United States and Canada: 555-0100 to 555-0199; the others: ranges their regulators keep for drama.
CITIES = [
    ("New York", "United States", "US", 40.7128, -74.0060, "en", "USD", 1.15, "+1-212-555-01??"),
    ("Boston", "United States", "US", 42.3601, -71.0589, "en", "USD", 1.10, "+1-617-555-01??"),
    ("Chicago", "United States", "US", 41.8781, -87.6298, "en", "USD", 1.02, "+1-312-555-01??"),
    ("Austin", "United States", "US", 30.2672, -97.7431, "en", "USD", 1.00, "+1-512-555-01??"),
    ("Denver", "United States", "US", 39.7392, -104.9903, "en", "USD", 1.00, "+1-303-555-01??"),
    ("Seattle", "United States", "US", 47.6062, -122.3321, "en", "USD", 1.15, "+1-206-555-01??"),
    ("Atlanta", "United States", "US", 33.7490, -84.3880, "en", "USD", 0.95, "+1-404-555-01??"),
    ("Portland", "United States", "US", 45.5152, -122.6784, "en", "USD", 1.00, "+1-503-555-01??"),
    ("Toronto", "Canada", "CA", 43.6532, -79.3832, "en", "CAD", 1.05, "+1-416-555-01??"),
    ("Montréal", "Canada", "CA", 45.5017, -73.5673, "fr", "CAD", 0.98, "+1-514-555-01??"),
    ("London", "United Kingdom", "GB", 51.5074, -0.1278, "en", "GBP", 0.72, "+44 20 7946 0???"),
    ("Manchester", "United Kingdom", "GB", 53.4808, -2.2426, "en", "GBP", 0.60, "+44 161 496 0???"),
    ("Leeds", "United Kingdom", "GB", 53.8008, -1.5491, "en", "GBP", 0.58, "+44 113 496 0???"),
    ("Bristol", "United Kingdom", "GB", 51.4545, -2.5879, "en", "GBP", 0.60, "+44 117 496 0???"),
    ("Edinburgh", "United Kingdom", "GB", 55.9533, -3.1883, "en", "GBP", 0.60, "+44 131 496 0???"),
    ("Dublin", "Ireland", "IE", 53.3498, -6.2603, "en", "EUR", 0.80, "+353 20 91? ????"),
    ("Cork", "Ireland", "IE", 51.8985, -8.4756, "en", "EUR", 0.72, "+353 20 91? ????"),
    ("Paris", "France", "FR", 48.8566, 2.3522, "fr", "EUR", 0.72, "+33 1 99 00 ?? ??"),
    ("Lyon", "France", "FR", 45.7640, 4.8357, "fr", "EUR", 0.64, "+33 4 65 71 ?? ??"),
    ("Marseille", "France", "FR", 43.2965, 5.3698, "fr", "EUR", 0.60, "+33 4 65 71 ?? ??"),
    ("Toulouse", "France", "FR", 43.6047, 1.4442, "fr", "EUR", 0.62, "+33 5 36 49 ?? ??"),
    ("Nantes", "France", "FR", 47.2184, -1.5536, "fr", "EUR", 0.61, "+33 2 61 91 ?? ??"),
    ("Lille", "France", "FR", 50.6292, 3.0573, "fr", "EUR", 0.60, "+33 3 53 01 ?? ??"),
    ("Saint-Étienne", "France", "FR", 45.4397, 4.3872, "fr", "EUR", 0.57, "+33 4 65 71 ?? ??"),
    ("Berlin", "Germany", "DE", 52.5200, 13.4050, "de", "EUR", 0.70, "+49 30 23125 ???"),
    ("Hamburg", "Germany", "DE", 53.5511, 9.9937, "de", "EUR", 0.71, "+49 40 66969 ???"),
    ("München", "Germany", "DE", 48.1351, 11.5820, "de", "EUR", 0.78, "+49 89 99998 ???"),
    ("Köln", "Germany", "DE", 50.9375, 6.9603, "de", "EUR", 0.69, "+49 221 4710 ???"),
    ("Frankfurt am Main", "Germany", "DE", 50.1109, 8.6821, "de", "EUR", 0.74, "+49 69 90009 ???"),
    ("Zürich", "Switzerland", "CH", 47.3769, 8.5417, "de", "CHF", 1.25, None),
    ("Wien", "Austria", "AT", 48.2082, 16.3738, "de", "EUR", 0.66, None),
    ("Madrid", "Spain", "ES", 40.4168, -3.7038, "es", "EUR", 0.55, None),
    ("Barcelona", "Spain", "ES", 41.3874, 2.1686, "es", "EUR", 0.56, None),
    ("Málaga", "Spain", "ES", 36.7213, -4.4214, "es", "EUR", 0.50, None),
    ("Amsterdam", "Netherlands", "NL", 52.3676, 4.9041, "nl", "EUR", 0.74, None),
    ("Rotterdam", "Netherlands", "NL", 51.9244, 4.4777, "nl", "EUR", 0.70, None),
    ("Antwerpen", "Belgium", "BE", 51.2194, 4.4025, "nl", "EUR", 0.68, None),
    ("Bruxelles", "Belgium", "BE", 50.8503, 4.3517, "fr", "EUR", 0.70, None),
    ("Stockholm", "Sweden", "SE", 59.3293, 18.0686, "sv", "SEK", 7.20, "+46 8 465 004 ??"),
    ("Göteborg", "Sweden", "SE", 57.7089, 11.9746, "sv", "SEK", 6.80, "+46 31 390 06 ??"),
]

# Stems of invented employers and schools.
STEMS = ("Alderbrook Amberley Ashgrove Beckford Birchmere Brightmoor Calderwick Clearholm Copperfold Crestwell Dunmere "
         "Eastholt Elmstead Fallowdale Fernhollow Galtwick Glenmarrow Greywater Harrowgate Hawthorne Hazelwick Highmoor "
         "Inglefield Juniper Kestrelby Kingsmarsh Larkhill Lindenau Longmere Maplecross Meadowbank Millhaven Montclair "
         "Northmere Oakhurst Orchardine Pinecrest Quarrydale Ravenholm Redmarsh Riverbend Rosemont Saltmarsh Silverbrook "
         "Southwick Stonebridge Summerlea Thornbury Valmorel Westerly Whitcombe Wildmoor Willowden Yarrow").split()
