/*
 * The catalogue behind reco.demo_shop(): what a general store in Butembo
 * sells, where it buys, and who comes in. Written by hand, so that names and
 * prices can be believed; every brand, firm and person is invented.
 *
 * A product is a line of goods in one brand and one size. The order of brands
 * and sizes matters: a small shop takes the first of every line, a large one
 * goes deeper.
 */

/* Brands on two axes that clients have opinions about. */
CREATE FUNCTION reco.demo_brand()
RETURNS TABLE (brand text, tier double precision, origin double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 40
BEGIN ATOMIC
    SELECT *
    FROM (VALUES
        ('Amani',        -0.1,  0.6),  ('Atlas',        0.5, -0.8),  ('Baraka',      -0.9,  0.5),
        ('Bora',          0.9,  0.5),  ('Colombe',      0.1,  0.3),  ('Dragon',      -0.9, -1.0),
        ('Eldora',        0.9, -1.0),  ('Étoile',       0.3,  0.2),  ('Familia',     -0.6,  0.4),
        ('Fundi',        -0.6,  0.7),  ('Graben',      -0.4,  1.0),  ('Impala',      -0.2, -0.6),
        ('Jambo',        -0.5, -0.4),  ('Karibu',      -0.6,  0.2),  ('Kilima',       0.4, -0.5),
        ('Kivu Doux',     0.5,  1.0),  ('Le Coq',       0.0,  1.0),  ('Léopard',      0.7,  0.5),
        ('Lion Noir',     0.2, -0.8),  ('Malaika',      0.7,  0.1),  ('Mama Safi',    0.2,  1.0),
        ('Mapendo',      -0.6,  1.0),  ('Maxima',       0.7, -1.0),  ('Mwalimu',     -0.2,  0.8),
        ('Nova',         -0.3, -1.0),  ('Nyota',       -0.5,  0.6),  ('Okapi',        0.4,  1.0),
        ('Orient',       -1.0, -0.9),  ('Pionnier',     0.1, -0.3),  ('Prestige',     1.0, -0.8),
        ('Royal',         1.0, -0.9),  ('Ruwenzori',    0.8,  0.9),  ('Safari',       0.2, -0.7),
        ('Semliki',      -0.7,  1.0),  ('Soleil',       0.4, -0.6),  ('Star',        -0.6, -0.9),
        ('Titan',         0.9, -0.9),  ('Virunga',      0.6,  1.0),  ('Zawadi',       0.3,  0.7)
    ) AS b (brand, tier, origin);
END;

COMMENT ON FUNCTION reco.demo_brand() IS
    'Brands of the demo shop: tier from cheap (-1) to fine (1), origin from imported (-1) to local (1)';

CREATE FUNCTION reco.demo_supplier()
RETURNS TABLE (id integer, code text, name text, city text, phone text,
               lead_days integer, lead_sd_days numeric, review_days integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 13
BEGIN ATOMIC
    SELECT *
    FROM (VALUES
        (1,  'graben',  'Moulins du Graben',           'Butembo', '+243 000 110 201',  1, 0.5,  1),
        (2,  'coq',     'Savonnerie Le Coq',           'Butembo', '+243 000 110 202',  2, 0.5,  2),
        (3,  'beni',    'Coopérative agricole de Beni', 'Beni',   '+243 000 110 203',  3, 1.0,  3),
        (4,  'kasindi', 'Dépôt frontière Kasindi',     'Kasindi', '+243 000 110 204',  3, 1.5,  3),
        (5,  'bunia',   'Maison Ituri Négoce',         'Bunia',   '+243 000 110 205',  5, 2.0,  7),
        (6,  'goma',    'Établissements Kivu Négoce',  'Goma',    '+243 000 110 206',  5, 2.0,  7),
        (7,  'hygiene', 'Hygiène et Soins du Lac',     'Goma',    '+243 000 110 207',  6, 1.5,  7),
        (8,  'nord',    'Quincaillerie du Nord',       'Goma',    '+243 000 110 208',  6, 2.0,  7),
        (9,  'arua',    'Textiles d''Arua',            'Arua',    '+256 000 110 209',  9, 3.0, 14),
        (10, 'kigali',  'Papeterie des Mille Collines', 'Kigali', '+250 000 110 210',  8, 2.0, 14),
        (11, 'kampala', 'Kampala General Traders',     'Kampala', '+256 000 110 211', 12, 3.0, 14),
        (12, 'nairobi', 'Nairobi Electro Supply',      'Nairobi', '+254 000 110 212', 18, 4.0, 14),
        (13, 'mombasa', 'Mombasa Import House',        'Mombasa', '+254 000 110 213', 25, 6.0, 30)
    ) AS s (id, code, name, city, phone, lead_days, lead_sd_days, review_days);
END;

COMMENT ON FUNCTION reco.demo_supplier() IS
    'Suppliers of the demo shop; phone numbers start with 000, which nobody can have';

/*
 * Lines of goods. In name, {m} stands for the brand and {t} for the size.
 *   sizes    label:factor, the price of that size in multiples of price
 *   price    of factor 1 in a brand of tier 0, in CDF
 *   margin   share of the price that the merchant keeps
 *   every    days until a regular buyer buys again; 0: bought once
 *   appeal   how many want it at all
 *   tastes   interest:weight, see reco.demo_interest()
 *   season   '', school, feast, planting, rain, dry
 */
CREATE FUNCTION reco.demo_line()
RETURNS TABLE (id bigint, category text, name text, brands text, sizes text, price numeric, margin numeric,
               every integer, appeal double precision, tastes text, season text, supplier text, unit text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 162
BEGIN ATOMIC
    SELECT row_number() OVER (), l.*
    FROM (VALUES
    ('Alimentation de base', 'Riz parfumé {m} {t}', 'Soleil|Mama Safi|Jambo', '5 kg:4.8|1 kg:1|25 kg:23', 3200, 0.14, 16, 9, 'home:3 kitchen:2', '', 'kampala', 'sac'),
    ('Alimentation de base', 'Riz local de Kisala au kilo', '', '', 2400, 0.15, 9, 6, 'home:2 kitchen:2', '', 'bunia', 'kg'),
    ('Alimentation de base', 'Farine de maïs {m} {t}', 'Graben|Okapi|Familia', '5 kg:4.7|1 kg:1|25 kg:22', 1700, 0.13, 11, 9, 'home:3 kitchen:1', '', 'graben', 'sac'),
    ('Alimentation de base', 'Farine de manioc {m} {t}', 'Graben|Mapendo', '5 kg:4.6|1 kg:1|25 kg:21', 1300, 0.14, 10, 8, 'home:3', '', 'graben', 'sac'),
    ('Alimentation de base', 'Farine de froment {m} {t}', 'Virunga|Pionnier|Safari', '1 kg:1|5 kg:4.8|50 kg:45', 2600, 0.13, 18, 4, 'kitchen:4 home:1', '', 'kampala', 'sac'),
    ('Alimentation de base', 'Haricots rouges au kilo', '', '', 2200, 0.16, 8, 8, 'home:3 kitchen:1', '', 'beni', 'kg'),
    ('Alimentation de base', 'Haricots jaunes au kilo', '', '', 2600, 0.16, 10, 4, 'home:2', '', 'beni', 'kg'),
    ('Alimentation de base', 'Spaghetti {m} {t}', 'Étoile|Soleil|Star', '500 g:1|250 g:0.55', 2000, 0.18, 15, 4, 'student:3 home:1', '', 'kasindi', 'paquet'),
    ('Alimentation de base', 'Sardines à l''huile {m} {t}', 'Lion Noir|Eldora|Star', '125 g:1|155 g:1.2', 2300, 0.2, 14, 4, 'student:3 kitchen:1 home:1', '', 'kampala', 'boîte'),
    ('Alimentation de base', 'Fretins séchés {t}', '', 'sachet 250 g:1|sachet 500 g:1.9', 3500, 0.2, 14, 3, 'home:2 kitchen:1', '', 'kasindi', 'sachet'),
    ('Huiles et condiments', 'Huile de palme {m} {t}', 'Semliki|Mama Safi', '1 L:1|5 L:4.7|20 L:18', 3400, 0.15, 14, 8, 'home:3 kitchen:3', '', 'beni', 'bidon'),
    ('Huiles et condiments', 'Huile végétale {m} {t}', 'Soleil|Étoile|Jambo', '1 L:1|3 L:2.9|20 L:18', 5200, 0.13, 16, 7, 'kitchen:4 home:2', '', 'kampala', 'bidon'),
    ('Huiles et condiments', 'Sel de cuisine {m} {t}', 'Colombe|Nyota', '500 g:1|1 kg:1.9', 700, 0.2, 25, 5, 'home:2 kitchen:1', '', 'kampala', 'sachet'),
    ('Huiles et condiments', 'Sucre {m} {t}', 'Kilima|Zawadi', '1 kg:1|5 kg:4.8|50 kg:46', 3300, 0.1, 10, 9, 'home:3 kitchen:2 baby:1', '', 'kampala', 'paquet'),
    ('Huiles et condiments', 'Concentré de tomate {m} {t}', 'Royal|Familia|Mama Safi', '70 g:1|210 g:2.6|400 g:4.6', 700, 0.2, 8, 6, 'kitchen:3 home:2', '', 'goma', 'boîte'),
    ('Huiles et condiments', 'Bouillon en cubes {m} {t}', 'Mama Safi|Royal', 'boîte de 24:1|boîte de 60:2.3', 1900, 0.22, 20, 5, 'kitchen:3 home:2', '', 'goma', 'boîte'),
    ('Huiles et condiments', 'Mayonnaise {m} {t}', 'Prestige|Jambo', '250 ml:1|500 ml:1.8', 4200, 0.24, 20, 2, 'kitchen:3 student:1', '', 'kampala', 'pot'),
    ('Huiles et condiments', 'Piment moulu de Lubero {t}', '', 'sachet 50 g:1|pot 200 g:3.4', 900, 0.3, 25, 2, 'kitchen:3 home:1', '', 'beni', 'sachet'),
    ('Petit déjeuner', 'Lait en poudre {m} {t}', 'Eldora|Zawadi|Nova', '400 g:1|sachet 25 g:0.08|900 g:2.1', 9500, 0.15, 15, 5, 'baby:4 home:2', '', 'kampala', 'boîte'),
    ('Petit déjeuner', 'Café moulu {m} {t}', 'Ruwenzori|Kivu Doux|Nyota', '250 g:1|100 g:0.45|500 g:1.9', 5500, 0.22, 25, 4, 'office:4 home:1', '', 'beni', 'sachet'),
    ('Petit déjeuner', 'Thé noir {m} {t}', 'Virunga|Kilima', 'boîte de 50 sachets:1|250 g:1.4', 2300, 0.22, 28, 4, 'home:2 office:2 student:1', '', 'goma', 'boîte'),
    ('Petit déjeuner', 'Chocolat en poudre {m} {t}', 'Malaika|Jambo', '250 g:1|500 g:1.9', 6500, 0.2, 30, 2, 'baby:2 student:2', '', 'kampala', 'boîte'),
    ('Petit déjeuner', 'Margarine {m} {t}', 'Soleil|Okapi', '250 g:1|500 g:1.9', 3000, 0.18, 18, 3, 'home:1 office:1 student:2', '', 'kampala', 'pot'),
    ('Petit déjeuner', 'Confiture {m} {t}', 'Kivu Doux|Eldora', 'fraise 350 g:1|prune du Japon 350 g:0.8', 5200, 0.25, 35, 1, 'office:3 home:1', '', 'goma', 'pot'),
    ('Petit déjeuner', 'Bouillie de soja et maïs {m} {t}', 'Mama Safi|Bora', '500 g:1|1 kg:1.9', 3800, 0.22, 12, 3, 'baby:5', '', 'graben', 'sachet'),
    ('Boissons', 'Jus de maracuja {m} {t}', 'Kivu Doux|Familia', '1 L:1|25 cl:0.32', 3600, 0.22, 12, 3, 'home:1 student:2 feast:2', 'feast', 'bunia', 'bouteille'),
    ('Boissons', 'Limonade {m} {t}', 'Étoile|Star|Zawadi', 'orange 33 cl:1|citron 33 cl:1|casier de 24:21', 1000, 0.2, 6, 5, 'student:3 feast:3 kitchen:2', 'feast', 'kasindi', 'bouteille'),
    ('Boissons', 'Eau minérale {m} {t}', 'Ruwenzori|Graben', '1,5 L:1|50 cl:0.5|pack de 12:10.5', 1200, 0.22, 7, 4, 'office:3 sport:2 kitchen:1', '', 'beni', 'bouteille'),
    ('Boissons', 'Boisson énergisante {m} {t}', 'Maxima|Dragon', '25 cl:1|pack de 6:5.5', 1800, 0.25, 7, 3, 'moto:4 sport:3', '', 'kasindi', 'canette'),
    ('Boissons', 'Vin rouge {m} {t}', 'Prestige|Pionnier', '75 cl:1|cubi 3 L:3.4', 14000, 0.28, 60, 1, 'feast:4 office:1', 'feast', 'goma', 'bouteille'),
    ('Biscuits et confiserie', 'Biscuits {m} {t}', 'Malaika|Jambo|Nova', 'au lait 100 g:1|au chocolat 100 g:1.3|carton de 48:42', 800, 0.24, 7, 5, 'student:3 baby:2 home:1', '', 'kampala', 'paquet'),
    ('Biscuits et confiserie', 'Bonbons {m} {t}', 'Étoile|Star', 'menthe sachet de 100:1|fruits sachet de 100:1', 2800, 0.3, 25, 3, 'student:2 feast:2 school:1', 'feast', 'kampala', 'sachet'),
    ('Biscuits et confiserie', 'Chewing-gum {m} {t}', 'Nova|Safari', 'boîte de 60:1|étui de 10:0.18', 3500, 0.28, 25, 2, 'student:2 moto:1', '', 'kasindi', 'boîte'),
    ('Biscuits et confiserie', 'Arachides grillées {m} {t}', 'Mapendo|Okapi', '100 g:1|500 g:4.5', 900, 0.3, 9, 3, 'student:2 moto:2 feast:1', '', 'beni', 'sachet'),
    ('Hygiène et lessive', 'Savon {m} {t}', 'Le Coq|Familia|Kilima', '400 g:1|200 g:0.55|carton de 25:23', 1500, 0.18, 9, 10, 'home:3 baby:1 student:1', '', 'coq', 'pièce'),
    ('Hygiène et lessive', 'Poudre à lessiver {m} {t}', 'Étoile|Nova|Le Coq', '500 g:1|50 g:0.13|3 kg:5.5', 2800, 0.18, 12, 7, 'home:3 baby:2', '', 'kampala', 'sachet'),
    ('Hygiène et lessive', 'Eau de Javel {m} {t}', 'Colombe|Graben', '1 L:1|5 L:4.4', 1800, 0.25, 22, 3, 'home:2 kitchen:2', '', 'hygiene', 'bouteille'),
    ('Hygiène et lessive', 'Dentifrice {m} {t}', 'Malaika|Safari|Karibu', '100 ml:1|50 ml:0.6', 2200, 0.24, 28, 5, 'home:2 student:2 beauty:1', '', 'hygiene', 'tube'),
    ('Hygiène et lessive', 'Brosse à dents {m} {t}', 'Safari|Dragon', 'souple:1|médium:1|enfant:0.8', 1200, 0.32, 70, 3, 'home:1 student:1 baby:1', '', 'kampala', 'pièce'),
    ('Hygiène et lessive', 'Papier hygiénique {m} {t}', 'Colombe|Impala', '4 rouleaux:1|10 rouleaux:2.3', 2600, 0.22, 15, 5, 'home:2 office:3 kitchen:1', '', 'kampala', 'paquet'),
    ('Hygiène et lessive', 'Serviettes hygiéniques {m} {t}', 'Malaika|Zawadi|Nova', 'paquet de 8:1|paquet de 16:1.9', 2400, 0.24, 28, 4, 'beauty:2 student:2 home:1', '', 'hygiene', 'paquet'),
    ('Hygiène et lessive', 'Désinfectant {m} {t}', 'Atlas|Amani', '500 ml:1|1 L:1.8', 4800, 0.25, 40, 2, 'home:1 baby:2 office:1', '', 'hygiene', 'flacon'),
    ('Hygiène et lessive', 'Insecticide {m} {t}', 'Titan|Dragon', '300 ml:1|600 ml:1.8', 7500, 0.24, 45, 2, 'home:2', 'rain', 'kampala', 'bombe'),
    ('Beauté et soins', 'Lait de beauté {m} {t}', 'Bora|Eldora|Karibu', '400 ml:1|200 ml:0.58|1 L:2.2', 6200, 0.3, 28, 4, 'beauty:5 home:1', '', 'kampala', 'flacon'),
    ('Beauté et soins', 'Huile de coco pour cheveux {m} {t}', 'Amani|Malaika', '125 ml:1|250 ml:1.8', 4200, 0.3, 35, 2, 'beauty:5', '', 'kampala', 'flacon'),
    ('Beauté et soins', 'Gel coiffant {m} {t}', 'Nova|Prestige', '250 g:1|500 g:1.8', 3800, 0.32, 35, 2, 'beauty:4 student:1', '', 'kampala', 'pot'),
    ('Beauté et soins', 'Mèches {m} {t}', 'Orient|Prestige|Zawadi', 'noires:1|châtain:1.05|bordeaux:1.05', 4500, 0.35, 24, 3, 'beauty:6', 'feast', 'kampala', 'paquet'),
    ('Beauté et soins', 'Défrisant {m} {t}', 'Eldora|Karibu', 'doux:1|fort:1', 5500, 0.32, 45, 1.5, 'beauty:5', '', 'kampala', 'boîte'),
    ('Beauté et soins', 'Déodorant {m} {t}', 'Maxima|Impala|Malaika', 'bille 50 ml:1|spray 150 ml:1.7', 3600, 0.3, 40, 3, 'beauty:3 office:1 student:1', '', 'kampala', 'pièce'),
    ('Beauté et soins', 'Parfum {m} {t}', 'Royal|Orient|Malaika', 'homme 100 ml:1|femme 100 ml:1|femme 50 ml:0.6', 18000, 0.4, 120, 1.5, 'beauty:4 office:1 feast:1', 'feast', 'kampala', 'flacon'),
    ('Beauté et soins', 'Vernis à ongles {m} {t}', 'Bora|Orient', 'rouge:1|rose:1|transparent:0.9', 1800, 0.4, 50, 1.5, 'beauty:4', 'feast', 'kampala', 'flacon'),
    ('Beauté et soins', 'Rasoirs jetables {m} {t}', 'Safari|Dragon', 'sachet de 5:1|sachet de 10:1.8', 1600, 0.35, 40, 2, 'office:2 moto:1 home:1', '', 'kampala', 'sachet'),
    ('Bébé', 'Couches bébé {m} {t}', 'Malaika|Bora|Star', 'taille 3, paquet de 30:1|taille 4, paquet de 28:1.05|taille 2, paquet de 34:0.95', 15500, 0.16, 16, 4, 'baby:8', '', 'kampala', 'paquet'),
    ('Bébé', 'Lait premier âge {m} {t}', 'Eldora|Nova', '400 g:1|900 g:2.1', 16500, 0.14, 14, 2, 'baby:7', '', 'goma', 'boîte'),
    ('Bébé', 'Savon pour bébé {m} {t}', 'Malaika|Mama Safi', '100 g:1|lot de 3:2.7', 1700, 0.26, 22, 2.5, 'baby:6', '', 'hygiene', 'pièce'),
    ('Bébé', 'Vaseline pour bébé {m} {t}', 'Amani|Malaika', '100 ml:1|250 ml:2.2', 2300, 0.3, 35, 2.5, 'baby:6', '', 'hygiene', 'pot'),
    ('Bébé', 'Biberon {m} {t}', 'Malaika|Nova', '250 ml:1|150 ml:0.85', 5200, 0.32, 0, 1.5, 'baby:6', '', 'hygiene', 'pièce'),
    ('Bébé', 'Porte-bébé en tissu {m}', 'Zawadi|Orient', '', 19000, 0.3, 0, 1, 'baby:5', '', 'arua', 'pièce'),
    ('Bébé', 'Lingettes {m} {t}', 'Malaika|Karibu', 'paquet de 72:1|paquet de 24:0.42', 4200, 0.28, 20, 2, 'baby:6', '', 'hygiene', 'paquet'),
    ('Bébé', 'Layette {m} {t}', 'Zawadi|Orient', '0-3 mois:1|3-6 mois:1.05|6-12 mois:1.1', 16000, 0.34, 0, 1, 'baby:5', '', 'arua', 'ensemble'),
    ('Ménage et cuisine', 'Casserole aluminium {m} {t}', 'Fundi|Atlas|Star', '24 cm:1|20 cm:0.75|36 cm:2', 14000, 0.26, 0, 2.5, 'home:2 kitchen:3', '', 'nord', 'pièce'),
    ('Ménage et cuisine', 'Assiettes {m} {t}', 'Colombe|Orient|Prestige', 'lot de 6:1|lot de 12:1.9', 12000, 0.28, 0, 2, 'home:2 kitchen:3 feast:1', 'feast', 'kampala', 'lot'),
    ('Ménage et cuisine', 'Gobelets plastiques {m} {t}', 'Jambo|Karibu', 'lot de 6:1|lot de 12:1.8', 3500, 0.32, 0, 2, 'kitchen:3 feast:2 home:1', 'feast', 'kampala', 'lot'),
    ('Ménage et cuisine', 'Thermos {m} {t}', 'Kilima|Dragon', '1 L:1|3 L:2', 16000, 0.28, 0, 2, 'office:2 home:2 kitchen:1', '', 'kampala', 'pièce'),
    ('Ménage et cuisine', 'Bassine plastique {m} {t}', 'Jambo|Karibu', '20 L:1|40 L:1.7|10 L:0.65', 6500, 0.3, 0, 2.5, 'home:3 baby:1', '', 'kampala', 'pièce'),
    ('Ménage et cuisine', 'Bidon jaune {t}', '', '20 L:1|10 L:0.65|5 L:0.4', 5000, 0.25, 0, 2.5, 'home:2 farm:2', '', 'kampala', 'pièce'),
    ('Ménage et cuisine', 'Brasero {m} {t}', 'Fundi|Virunga', 'petit:1|moyen:1.5|grand:2.2', 7000, 0.3, 0, 2, 'home:2 kitchen:2', '', 'beni', 'pièce'),
    ('Ménage et cuisine', 'Couteau de cuisine {m} {t}', 'Atlas|Dragon', '20 cm:1|28 cm:1.5', 3800, 0.34, 0, 1.5, 'kitchen:4 home:1', '', 'kampala', 'pièce'),
    ('Ménage et cuisine', 'Balai {m} {t}', 'Fundi|Jambo', 'de paille:0.5|brosse:1', 3600, 0.3, 120, 2, 'home:2 office:1', '', 'beni', 'pièce'),
    ('Ménage et cuisine', 'Éponges {m} {t}', 'Nova|Colombe', 'lot de 3:1|paille de fer, lot de 6:0.8', 1200, 0.35, 25, 2.5, 'home:2 kitchen:2', '', 'kampala', 'lot'),
    ('Ménage et cuisine', 'Allumettes {m} {t}', 'Lion Noir|Nyota', 'paquet de 10 boîtes:1|boîte:0.12', 1000, 0.2, 18, 4, 'home:2 kitchen:1', '', 'kampala', 'paquet'),
    ('Maison et literie', 'Couverture {m} {t}', 'Prestige|Jambo|Kilima', '1 place:1|2 places:1.5', 28000, 0.3, 0, 1.5, 'home:2 student:1', 'rain', 'arua', 'pièce'),
    ('Maison et literie', 'Draps {m} {t}', 'Zawadi|Orient', '1 place:1|2 places:1.4', 22000, 0.32, 0, 1.2, 'home:2 student:1', '', 'arua', 'paire'),
    ('Maison et literie', 'Moustiquaire {m} {t}', 'Amani|Star', '1 place:1|2 places:1.3', 9500, 0.28, 0, 2, 'baby:2 home:2 student:1', 'rain', 'hygiene', 'pièce'),
    ('Maison et literie', 'Matelas mousse {m} {t}', 'Ruwenzori|Karibu', '90 cm:1|120 cm:1.4|140 cm:1.7', 68000, 0.2, 0, 1.2, 'home:1 student:3', 'school', 'bunia', 'pièce'),
    ('Maison et literie', 'Chaise plastique {m} {t}', 'Kilima|Jambo', 'blanche:1|bleue:1|verte:1', 17000, 0.24, 0, 1.5, 'kitchen:2 office:2 feast:1', '', 'kampala', 'pièce'),
    ('Maison et literie', 'Rideau {m} {t}', 'Zawadi|Orient', 'uni:1|à fleurs:1.15', 15000, 0.34, 0, 1, 'home:2 office:1', 'feast', 'arua', 'pièce'),
    ('Éclairage et énergie', 'Bougies {m} {t}', 'Colombe|Star', 'paquet de 6:1|paquet de 12:1.9', 1500, 0.25, 18, 4, 'home:2 student:2', '', 'kampala', 'paquet'),
    ('Éclairage et énergie', 'Piles {m} {t}', 'Lion Noir|Dragon|Titan', 'R20, la paire:1|R6, lot de 4:1.1|R03, lot de 4:1.1', 1500, 0.28, 20, 5, 'phone:3 farm:2 home:1', '', 'kampala', 'lot'),
    ('Éclairage et énergie', 'Torche solaire {m} {t}', 'Soleil|Dragon|Titan', 'petite:1|grande:1.9', 9500, 0.3, 0, 3, 'farm:3 student:2 moto:1 home:1', '', 'nairobi', 'pièce'),
    ('Éclairage et énergie', 'Lampe LED rechargeable {m} {t}', 'Kilima|Orient', '5 W:1|12 W:1.6', 8500, 0.3, 0, 2.5, 'student:3 home:1 office:1', '', 'nairobi', 'pièce'),
    ('Éclairage et énergie', 'Ampoule LED {m} {t}', 'Atlas|Nova', '7 W:1|12 W:1.5|18 W:2', 2800, 0.35, 75, 2.5, 'office:2 build:2 home:1', '', 'nairobi', 'pièce'),
    ('Éclairage et énergie', 'Panneau solaire {m} {t}', 'Soleil|Maxima', '50 W:1|100 W:1.9|20 W:0.5', 95000, 0.22, 0, 1, 'phone:2 farm:2 build:1', '', 'nairobi', 'pièce'),
    ('Éclairage et énergie', 'Batterie solaire {m} {t}', 'Titan|Nova', '12 V 40 Ah:1|12 V 100 Ah:2.3', 140000, 0.18, 0, 0.8, 'phone:2 build:1', '', 'nairobi', 'pièce'),
    ('Éclairage et énergie', 'Pétrole lampant au litre', '', '', 3600, 0.12, 14, 2.5, 'farm:3 home:1', '', 'kasindi', 'litre'),
    ('Téléphonie et radio', 'Téléphone à touches {m} {t}', 'Safari|Dragon|Maxima', 'double SIM:1|triple SIM:1.25', 32000, 0.2, 0, 2.5, 'phone:3 farm:2 home:1 moto:1', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Téléphone intelligent {m} {t}', 'Nova|Maxima|Dragon', '32 Go:1|64 Go:1.35|128 Go:1.9', 210000, 0.14, 0, 1.2, 'phone:4 student:2 office:1', 'feast', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Chargeur {m} {t}', 'Titan|Orient|Safari', 'USB-C:1.2|micro-USB:1|bout fin:0.7', 4500, 0.4, 110, 3, 'phone:4 student:2 moto:1', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Écouteurs {m} {t}', 'Maxima|Orient|Nova', 'filaires:1|sans fil:4', 4000, 0.42, 120, 2.5, 'phone:3 student:3', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Carte mémoire {m} {t}', 'Titan|Orient', '16 Go:1|32 Go:1.5|64 Go:2.4', 9000, 0.35, 0, 2, 'phone:4 student:1', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Batterie externe {m} {t}', 'Maxima|Dragon', '10 000 mAh:1|20 000 mAh:1.7', 24000, 0.3, 0, 1.5, 'phone:3 moto:1', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Radio {m} {t}', 'Impala|Orient|Kilima', 'à piles:1|solaire:1.6|avec port USB:1.5', 21000, 0.26, 0, 1.5, 'farm:3 phone:2 office:1', '', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Enceinte sans fil {m} {t}', 'Maxima|Dragon', 'petite:1|grande:2.4', 26000, 0.32, 0, 1.2, 'phone:3 student:1 feast:2', 'feast', 'nairobi', 'pièce'),
    ('Téléphonie et radio', 'Recharge téléphonique {t}', '', '1 000 unités:1|5 000 unités:4.9', 2000, 0.05, 6, 6, 'phone:3 student:1 moto:2 office:1', '', 'goma', 'carte'),
    ('Fournitures scolaires et bureau', 'Cahier {t} {m}', 'Mwalimu|Étoile|Impala', '96 pages:1|48 pages:0.55|192 pages:1.9', 1000, 0.25, 25, 5, 'school:6 student:2', 'school', 'kigali', 'pièce'),
    ('Fournitures scolaires et bureau', 'Stylo à bille {m} {t}', 'Étoile|Dragon', 'bleu:1|rouge:1|boîte de 50:40', 400, 0.35, 14, 5, 'school:4 office:3 student:2', 'school', 'kigali', 'pièce'),
    ('Fournitures scolaires et bureau', 'Crayons de couleur {m} {t}', 'Malaika|Orient', 'boîte de 12:1|boîte de 24:1.8', 2600, 0.32, 90, 2, 'school:5', 'school', 'kigali', 'boîte'),
    ('Fournitures scolaires et bureau', 'Sac d''école {m} {t}', 'Léopard|Orient|Jambo', 'primaire:1|secondaire:1.4', 19000, 0.32, 0, 2, 'school:5 student:1', 'school', 'kampala', 'pièce'),
    ('Fournitures scolaires et bureau', 'Instruments de géométrie {m}', 'Mwalimu|Orient|Maxima', '', 4500, 0.35, 0, 1.8, 'school:4 student:1', 'school', 'kigali', 'boîte'),
    ('Fournitures scolaires et bureau', 'Calculatrice {m} {t}', 'Maxima|Orient', 'simple:0.5|scientifique:1', 14000, 0.3, 0, 1.2, 'student:3 school:1 office:1', 'school', 'nairobi', 'pièce'),
    ('Fournitures scolaires et bureau', 'Papier duplicateur {m} {t}', 'Impala|Prestige', 'rame A4:1|carton de 5 rames:4.8', 13500, 0.16, 30, 2, 'office:5', '', 'kigali', 'rame'),
    ('Fournitures scolaires et bureau', 'Craies {m} {t}', 'Mwalimu|Colombe', 'blanches, boîte de 100:1|couleur, boîte de 100:1.3', 2600, 0.28, 25, 1.5, 'office:4 school:1', 'school', 'kigali', 'boîte'),
    ('Fournitures scolaires et bureau', 'Classeur à levier {m} {t}', 'Impala|Prestige', 'noir:1|bleu:1', 5200, 0.3, 60, 1.2, 'office:5', '', 'kigali', 'pièce'),
    ('Fournitures scolaires et bureau', 'Agrafeuse {m}', 'Atlas|Dragon', '', 7800, 0.32, 0, 1, 'office:4', '', 'kigali', 'pièce'),
    ('Fournitures scolaires et bureau', 'Dictionnaire {t} {m}', 'Mwalimu', 'français:1|français-swahili:0.8|anglais-français:0.9', 24000, 0.25, 0, 0.8, 'office:2 student:2 school:1', 'school', 'kigali', 'pièce'),
    ('Tissus et couture', 'Pagne wax {m} {t}', 'Zawadi|Royal|Orient|Léopard', '6 yards, motif fleurs:1|6 yards, motif oiseaux:1|6 yards, motif losanges:1', 36000, 0.26, 75, 3, 'sewing:4 beauty:2 feast:2 home:1', 'feast', 'arua', 'pièce'),
    ('Tissus et couture', 'Tissu uni {m} {t}', 'Colombe|Orient', 'blanc, au mètre:1|bleu marine, au mètre:1|noir, au mètre:1', 5200, 0.28, 20, 2, 'sewing:7', 'school', 'arua', 'mètre'),
    ('Tissus et couture', 'Fil à coudre {m} {t}', 'Fundi|Orient', 'bobine blanche:1|bobine noire:1|boîte de 12 couleurs:9', 900, 0.38, 14, 2.5, 'sewing:8', '', 'arua', 'bobine'),
    ('Tissus et couture', 'Aiguilles à machine {m} {t}', 'Atlas|Dragon', 'étui de 10:1|étui de 5:0.6', 2800, 0.35, 35, 1.5, 'sewing:7', '', 'arua', 'étui'),
    ('Tissus et couture', 'Fermeture éclair {m} {t}', 'Fundi|Nova', '20 cm, lot de 10:1|50 cm, lot de 10:1.6', 3200, 0.38, 22, 1.5, 'sewing:7', '', 'arua', 'lot'),
    ('Tissus et couture', 'Boutons {m} {t}', 'Fundi|Orient', 'sachet de 100:1|sachet de 500:4', 2400, 0.4, 35, 1.2, 'sewing:6', '', 'arua', 'sachet'),
    ('Tissus et couture', 'Ciseaux de tailleur {m} {t}', 'Atlas|Dragon', '25 cm:1|20 cm:0.8', 11000, 0.32, 0, 1, 'sewing:6', '', 'arua', 'pièce'),
    ('Tissus et couture', 'Machine à coudre {m} {t}', 'Léopard|Dragon', 'à pédale:1|à main:0.7', 290000, 0.15, 0, 0.4, 'sewing:4', '', 'mombasa', 'pièce'),
    ('Habillement et chaussures', 'Sandales plastiques {m} {t}', 'Jambo|Karibu|Nova', 'adulte:1|enfant:0.7', 5200, 0.34, 150, 3, 'home:1 student:2 farm:2', '', 'kampala', 'paire'),
    ('Habillement et chaussures', 'Bottes de pluie {m} {t}', 'Semliki|Dragon', 'taille 40:1|taille 42:1|taille 44:1', 19000, 0.28, 0, 2, 'farm:4 build:3 moto:1', 'rain', 'kampala', 'paire'),
    ('Habillement et chaussures', 'Parapluie {m} {t}', 'Orient|Prestige', 'pliant:1|grand:1.3', 8500, 0.34, 0, 2.5, 'office:2 student:2 home:1', 'rain', 'kampala', 'pièce'),
    ('Habillement et chaussures', 'Chemise d''uniforme {m} {t}', 'Mwalimu|Zawadi', 'blanche, enfant:1|blanche, adolescent:1.25', 9500, 0.3, 0, 2, 'school:5', 'school', 'arua', 'pièce'),
    ('Habillement et chaussures', 'Chaussettes {m} {t}', 'Jambo|Atlas', 'lot de 3 paires:1|paire:0.4', 3800, 0.36, 90, 2, 'school:2 sport:2 office:1', '', 'kampala', 'lot'),
    ('Habillement et chaussures', 'Chaussures d''école {m} {t}', 'Léopard|Nova', 'taille 34:1|taille 38:1.1', 26000, 0.28, 0, 1.5, 'school:5', 'school', 'kampala', 'paire'),
    ('Habillement et chaussures', 'Imperméable {m} {t}', 'Semliki|Orient', 'taille M:1|taille L:1.05|taille XL:1.1', 15000, 0.3, 0, 1.8, 'moto:5 farm:1', 'rain', 'kampala', 'pièce'),
    ('Matériaux de construction', 'Ciment {m} {t}', 'Ruwenzori|Kilima|Nyota', '50 kg, classe 32,5:1|50 kg, classe 42,5:1.15', 33000, 0.09, 14, 3, 'build:8', 'dry', 'kasindi', 'sac'),
    ('Matériaux de construction', 'Tôle ondulée {m} {t}', 'Safari|Impala', 'BG 32, 3 m:1|BG 28, 3 m:1.4', 23000, 0.11, 45, 1.8, 'build:6 farm:1', 'dry', 'kampala', 'feuille'),
    ('Matériaux de construction', 'Fer à béton {m} {t}', 'Titan|Nova', '8 mm, barre de 12 m:1|10 mm, barre de 12 m:1.5|12 mm, barre de 12 m:2.1', 16000, 0.1, 25, 1.5, 'build:7', 'dry', 'kampala', 'barre'),
    ('Matériaux de construction', 'Peinture à eau {m} {t}', 'Bora|Jambo|Atlas', 'blanche 4 L:1|crème 4 L:1.05|blanche 20 L:4.6', 27000, 0.2, 60, 1.5, 'build:5 office:1', 'dry', 'kampala', 'seau'),
    ('Matériaux de construction', 'Peinture à huile {m} {t}', 'Atlas|Jambo', 'bleue 1 L:1|brune 1 L:1|verte 4 L:3.8', 13500, 0.22, 60, 1, 'build:5', 'dry', 'kampala', 'boîte'),
    ('Matériaux de construction', 'Carreaux de sol {m} {t}', 'Prestige|Star', '30 x 30, le carton:1|40 x 40, le carton:1.4', 29000, 0.18, 60, 0.8, 'build:4', 'dry', 'mombasa', 'carton'),
    ('Matériaux de construction', 'Clous {t}', '', '8 cm, le kilo:1|10 cm, le kilo:1|5 cm, le kilo:1.05|de tôle, le kilo:1.3', 5200, 0.18, 18, 2.5, 'build:6 farm:1', 'dry', 'nord', 'kg'),
    ('Matériaux de construction', 'Tuyau PVC {m} {t}', 'Amani|Star', '32 mm, 6 m:1|63 mm, 6 m:2|110 mm, 6 m:3.6', 9500, 0.18, 45, 1, 'build:4 farm:1', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Marteau {m} {t}', 'Titan|Dragon', '500 g:1|1 kg:1.5', 8500, 0.3, 0, 1.5, 'build:4', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Truelle {m} {t}', 'Fundi|Titan', '20 cm:1|24 cm:1.2', 5200, 0.32, 0, 1.2, 'build:5', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Scie égoïne {m} {t}', 'Titan|Orient', '45 cm:1|55 cm:1.2', 10500, 0.3, 0, 1, 'build:4 farm:1', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Mètre ruban {m} {t}', 'Atlas|Dragon', '5 m:1|10 m:1.8', 4200, 0.36, 0, 1.2, 'build:3 sewing:2', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Cadenas {m} {t}', 'Titan|Dragon|Lion Noir', '40 mm:1|60 mm:1.7', 6200, 0.34, 150, 2, 'office:1 moto:2 home:1 student:1', '', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Brouette {m}', 'Fundi|Titan', '', 78000, 0.2, 0, 0.7, 'build:4 farm:2', 'dry', 'nord', 'pièce'),
    ('Quincaillerie et outils', 'Câble électrique {m} {t}', 'Atlas|Star', '1,5 mm², 10 m:1|2,5 mm², 10 m:1.6', 11500, 0.24, 50, 1.2, 'build:4 phone:1', '', 'nairobi', 'rouleau'),
    ('Quincaillerie et outils', 'Ruban adhésif {m} {t}', 'Nova|Atlas', 'isolant:1|d''emballage:1.6', 1100, 0.4, 45, 2, 'build:1 moto:2 office:2', '', 'nairobi', 'rouleau'),
    ('Quincaillerie et outils', 'Corde nylon {m} {t}', 'Impala|Baraka', '10 m:1|30 m:2.7', 3600, 0.3, 60, 1.5, 'farm:3 moto:2', '', 'nord', 'rouleau'),
    ('Agriculture et élevage', 'Houe {m} {t}', 'Fundi|Lion Noir', '1,5 kg:1|2 kg:1.2', 8500, 0.25, 0, 2, 'farm:6', 'planting', 'nord', 'pièce'),
    ('Agriculture et élevage', 'Machette {m} {t}', 'Lion Noir|Dragon', '45 cm:1|55 cm:1.2', 7500, 0.26, 0, 1.8, 'farm:5', 'planting', 'nord', 'pièce'),
    ('Agriculture et élevage', 'Semence de maïs {m} {t}', 'Okapi|Kilima', '2 kg:1|10 kg:4.7', 9500, 0.2, 80, 2, 'farm:7', 'planting', 'beni', 'sachet'),
    ('Agriculture et élevage', 'Semences de chou {m} {t}', 'Kilima|Nyota', '25 g:1|100 g:3.6', 4200, 0.3, 80, 1.5, 'farm:6', 'planting', 'kampala', 'sachet'),
    ('Agriculture et élevage', 'Semences d''oignon {m} {t}', 'Kilima|Nyota', '25 g:1|100 g:3.6', 5200, 0.3, 80, 1.2, 'farm:5', 'planting', 'kampala', 'sachet'),
    ('Agriculture et élevage', 'Engrais NPK {m} {t}', 'Virunga|Safari', '5 kg:1|25 kg:4.6|50 kg:9', 13500, 0.13, 60, 1.5, 'farm:6', 'planting', 'kampala', 'sac'),
    ('Agriculture et élevage', 'Pulvérisateur {m} {t}', 'Atlas|Star', '16 L:1|5 L:0.5', 58000, 0.2, 0, 0.7, 'farm:4', 'planting', 'kampala', 'pièce'),
    ('Agriculture et élevage', 'Aliment pour poules {m} {t}', 'Graben|Okapi', '5 kg:1|25 kg:4.7', 7500, 0.15, 16, 1.8, 'farm:5', '', 'graben', 'sac'),
    ('Agriculture et élevage', 'Arrosoir {m} {t}', 'Jambo|Fundi', '10 L:1|15 L:1.3', 9000, 0.28, 0, 1, 'farm:4', 'planting', 'kampala', 'pièce'),
    ('Vélo et moto', 'Huile moteur {m} {t}', 'Titan|Impala|Star', '1 L:1|4 L:3.8', 11500, 0.2, 18, 2.5, 'moto:8', '', 'kampala', 'bidon'),
    ('Vélo et moto', 'Pneu de moto {m} {t}', 'Titan|Dragon|Impala', 'arrière 3.00-18:1|avant 2.75-18:0.9', 62000, 0.15, 130, 1.2, 'moto:6', '', 'kampala', 'pièce'),
    ('Vélo et moto', 'Chambre à air {m} {t}', 'Impala|Dragon', 'moto 18 pouces:1|vélo 26 pouces:0.6', 8500, 0.26, 50, 1.8, 'moto:6 farm:1', '', 'kampala', 'pièce'),
    ('Vélo et moto', 'Bougie d''allumage {m}', 'Titan|Orient|Nova', '', 4800, 0.34, 45, 1.5, 'moto:7', '', 'kampala', 'pièce'),
    ('Vélo et moto', 'Plaquettes de frein {m} {t}', 'Titan|Dragon', 'avant:1|arrière:1', 7200, 0.32, 60, 1.2, 'moto:6', '', 'kampala', 'jeu'),
    ('Vélo et moto', 'Casque de moto {m} {t}', 'Léopard|Orient', 'ouvert:1|intégral:1.8', 36000, 0.24, 0, 1, 'moto:5', '', 'kampala', 'pièce'),
    ('Vélo et moto', 'Chaîne {m} {t}', 'Titan|Star', 'moto 428:1|vélo:0.45', 17000, 0.26, 150, 1, 'moto:5 farm:1', '', 'kampala', 'pièce'),
    ('Vélo et moto', 'Kit de rustines {m} {t}', 'Fundi|Orient', 'petit:1|grand:1.8', 1500, 0.4, 40, 1.5, 'moto:4 farm:1 sport:1', '', 'kampala', 'boîte'),
    ('Sport et loisirs', 'Ballon de football {m} {t}', 'Léopard|Orient|Maxima', 'taille 5:1|taille 4:0.85', 17000, 0.3, 0, 1.8, 'sport:6 school:1', 'feast', 'kampala', 'pièce'),
    ('Sport et loisirs', 'Maillot de football {m} {t}', 'Léopard|Orient', 'bleu:1|rouge:1|jaune:1', 12500, 0.34, 120, 1.5, 'sport:6', '', 'kampala', 'pièce'),
    ('Sport et loisirs', 'Chaussures de football {m} {t}', 'Léopard|Star', 'taille 40:1|taille 42:1|taille 44:1', 38000, 0.28, 0, 1.2, 'sport:5', '', 'kampala', 'paire'),
    ('Sport et loisirs', 'Jeu de cartes {m}', 'Étoile|Dragon', '', 1800, 0.4, 120, 1.5, 'student:2 moto:1 sport:1', '', 'kampala', 'jeu'),
    ('Sport et loisirs', 'Jeu de dames {m}', 'Fundi|Pionnier', '', 7500, 0.3, 0, 1, 'sport:2 office:1 student:1', 'feast', 'beni', 'pièce'),
    ('Sport et loisirs', 'Guirlande de fête {m} {t}', 'Étoile|Orient', 'lumineuse 5 m:1|lumineuse 10 m:1.7', 7800, 0.38, 0, 1, 'feast:5', 'feast', 'kampala', 'pièce'),
    ('Sport et loisirs', 'Ballons de baudruche {m} {t}', 'Malaika|Orient', 'sachet de 50:1|sachet de 100:1.8', 3200, 0.4, 60, 1.2, 'feast:5 baby:1', 'feast', 'kampala', 'sachet'),
    ('Sport et loisirs', 'Jouet {m} {t}', 'Malaika|Orient', 'petite voiture:1|poupée:1.4|camion:1.8', 7500, 0.38, 90, 1.5, 'baby:3 feast:2 school:1', 'feast', 'kampala', 'pièce')
    ) AS l (category, name, brands, sizes, price, margin, every, appeal, tastes, season, supplier, unit);
END;

COMMENT ON FUNCTION reco.demo_line() IS
    'Lines of goods of the demo shop, each in several brands and sizes';

/* What brings people into the shop. Everybody has some of "home" in them. */
CREATE FUNCTION reco.demo_interest()
RETURNS TABLE (id integer, interest text, share double precision, business text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 14
BEGIN ATOMIC
    SELECT *
    FROM (VALUES
        (1,  'home',    1.6, NULL),
        (2,  'baby',    1.2, NULL),
        (3,  'school',  1.2, NULL),
        (4,  'student', 1.3, NULL),
        (5,  'build',   0.9, 'Entreprise'),
        (6,  'kitchen', 0.8, 'Restaurant Chez'),
        (7,  'sewing',  0.6, 'Atelier de couture'),
        (8,  'farm',    1.1, NULL),
        (9,  'office',  0.9, NULL),
        (10, 'beauty',  1.0, 'Salon de coiffure'),
        (11, 'moto',    0.8, NULL),
        (12, 'phone',   0.9, NULL),
        (13, 'sport',   0.6, NULL),
        (14, 'feast',   0.5, NULL)
    ) AS i (id, interest, share, business);
END;

COMMENT ON FUNCTION reco.demo_interest() IS
    'Interests of the demo shop''s clients: how widespread, and what a business of that kind calls itself';

/* Names of Butembo: order-of-birth names, family names, given names. */
CREATE FUNCTION reco.demo_names(kind text)
RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE kind
    WHEN 'man' THEN string_to_array(
        'Mumbere Kambale Kasereka Kakule Katembo Mbusa Muhindo Paluku Nzanzu Musubao Kibwana Tsongo Kamabu Bwambale', ' ')
    WHEN 'woman' THEN string_to_array(
        'Masika Kahambu Katungu Kavira Kahindo Kanyere Kavugho Mbambu Soki Biira Kasoki Kyakimwa Asinya Muhindo', ' ')
    WHEN 'family' THEN string_to_array(
        'Syaluha Muyisa Vahwere Sivihwa Mutsuva Kaghoma Lwanzo Mathe Kyavighera Vyambwera Sikuli Kisughu Musavuli Mastaki '
        'Nguru Kinyata Malikidogo Vutegha Musayi Kavusa Lusenge Kikuku Mayani Tembo Siviri Kamate Saanane Vihamba Kalivanda '
        'Wasukundi Kitakya Mahamba Musienene Katsuva Kyambalume Maliro Vuhese Kihugho Sekera Luvutse', ' ')
    WHEN 'given man' THEN string_to_array(
        'Josué Dieudonné Jean-Pierre Emmanuel Patrick Héritier Moïse Justin Éric Gloire Bienvenu Fiston Olivier Daniel '
        'Espoir Augustin Jackson Merveille Aimé Christian Innocent Samuel Faustin Jonathan Prosper Pascal Élie Serge Norbert Roger', ' ')
    WHEN 'given woman' THEN string_to_array(
        'Espérance Grâce Furaha Jeannette Solange Noëlla Béatrice Rachel Esther Aline Francine Denise Sifa Neema Gloria '
        'Bénédicte Clarisse Rosette Angélique Judith Zawadi Pascaline Élysée Ruth Thérèse Divine Joséphine Christine Mireille Anuarite', ' ')
    WHEN 'quarter' THEN string_to_array(
        'Bulengera,Kimemi,Mususa,Vulamba,Furu,Kambali,Matanda,Mutiri,Kalemire,Vutsundo,Katwa,Vungi,Malende,Wayene', ',')
END;

COMMENT ON FUNCTION reco.demo_names(text) IS
    'Parts of the names and addresses of the demo shop''s clients';
