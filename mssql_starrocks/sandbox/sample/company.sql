CREATE SCHEMA sales
GO
CREATE SCHEMA hr
GO
CREATE SCHEMA ops
GO
CREATE TABLE sales.customers (
  id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
  name nvarchar(60) NOT NULL,
  email varchar(80) NULL,
  country char(2) NOT NULL,
  credit_limit money NULL,
  is_vip bit NOT NULL,
  created_at datetime2(7) NOT NULL,
  notes nvarchar(max) NULL
)
GO
INSERT INTO sales.customers (name, email, country, credit_limit, is_vip, created_at, notes) VALUES
 (N'Acme Ltd', 'sales@acme.example', 'GB', 1250.50, 1, '2019-03-31 01:59:59.9999999', N'oldest customer'),
 (N'株式会社さくら', 'info@sakura.example', 'JP', 922337203685477.5807, 0, '2020-02-29 12:00:00.1234567', N'請求書は月末'),
 (N'Zoë & Söhne', NULL, 'DE', -0.0001, 0, '0001-01-01 00:00:00.0000000', N''),
 (N'Γιώργος Παπαδόπουλος', 'g@papadopoulos.example', 'GR', NULL, 0, '9999-12-31 23:59:59.9999999', NULL),
 (N'Emoji 🚀 Inc', 'team@emoji.example', 'US', 0.00, 1, '1582-10-10 08:30:00.0000001', N'likes 😀 and 👩‍👩‍👧'),
 (N'O''Neill "quoted" \ slashed', 'o@neill.example', 'IE', 99.99, 0, '1969-12-31 23:59:59.0000000', N'tab	and
newline'),
 (N'ข้าวหอม', 'khao@hom.example', 'TH', 1.00, 0, '2024-03-10 02:30:00.5000000', N'trailing blanks   '),
 (N'null', 'NULL', 'NL', 12.34, 1, '2024-10-27 02:30:00.0000000', N'\N')
GO
CREATE TABLE sales.orders (
  id bigint NOT NULL PRIMARY KEY,
  customer_id int NOT NULL,
  order_date date NOT NULL,
  placed_at datetimeoffset(7) NOT NULL,
  status varchar(10) NOT NULL,
  total decimal(18,2) NOT NULL,
  comment nvarchar(200) NULL
)
GO
CREATE TABLE sales.order_lines (
  order_id bigint NOT NULL,
  line_no smallint NOT NULL,
  product varchar(20) NOT NULL,
  quantity int NOT NULL,
  price decimal(12,4) NOT NULL,
  line_total AS (quantity * price) PERSISTED,
  PRIMARY KEY (order_id, line_no)
)
GO
CREATE TABLE sales.products (
  code varchar(20) NOT NULL PRIMARY KEY,
  title nvarchar(100) NOT NULL,
  list_price smallmoney NOT NULL,
  weight_kg real NULL,
  margin float NULL,
  stock tinyint NOT NULL,
  picture varbinary(max) NULL
)
GO
INSERT INTO sales.products (code, title, list_price, weight_kg, margin, stock, picture) VALUES
 ('AB-100', N'Anchor bolt', 1.2500, 0.1, 0.35, 255, 0x89504E470D0A1A0A),
 ('AB-200', N'Anchor bolt, große Ausführung', 214748.3647, 1.5, 1e-300, 0, NULL),
 ('CX-1', N'连接器', -1.0000, NULL, -0.0, 128, 0x),
 ('ZZ-9', N'Zig-zag spring', 0.0001, 3.402823e38, 1.7976931348623157e308, 1, 0x00FF00),
 ('ß-77', N'Straßenschild', 10.0000, 12.25, NULL, 7, 0xFFFFFFFF)
GO
CREATE TABLE sales.[Order Details] (
  [Detail ID] int NOT NULL PRIMARY KEY,
  [Order ID] bigint NOT NULL,
  [Unit Price] decimal(38,20) NULL,
  [Shipped?] bit NULL
)
GO
INSERT INTO sales.[Order Details] ([Detail ID], [Order ID], [Unit Price], [Shipped?]) VALUES
 (1, 1, 123456789012345678.12345678901234567890, 1), (2, 1, -0.00000000000000000001, 0), (3, 2, NULL, NULL)
GO
CREATE TABLE sales.price_history (
  product varchar(20) NOT NULL,
  changed_at datetime NOT NULL,
  noticed_at smalldatetime NULL,
  price numeric(9,3) NULL
)
GO
INSERT INTO sales.price_history (product, changed_at, noticed_at, price) VALUES
 ('AB-100', '1753-01-01 00:00:00.000', '1900-01-01 00:00', 0.001),
 ('AB-100', '2024-03-31 02:30:00.003', '2024-03-31 02:30', 1.250),
 ('AB-100', '2024-03-31 02:30:00.007', '2024-03-31 02:31', 1.260),
 ('CX-1', '9999-12-31 23:59:59.997', '2079-06-06 23:59', -999999.999),
 ('CX-1', '9999-12-31 23:59:59.997', NULL, NULL)
GO
CREATE TABLE sales.events (
  id bigint NOT NULL PRIMARY KEY,
  customer_id int NULL,
  kind nvarchar(20) NOT NULL,
  at datetime2(3) NOT NULL,
  duration float NULL,
  amount decimal(12,2) NOT NULL,
  page varchar(100) NOT NULL,
  mobile bit NOT NULL
)
GO
CREATE TABLE hr.departments (
  id tinyint NOT NULL PRIMARY KEY,
  path hierarchyid NOT NULL,
  name nvarchar(50) NOT NULL,
  budget decimal(38,0) NULL
)
GO
INSERT INTO hr.departments (id, path, name, budget) VALUES
 (1, '/', N'Board', 99999999999999999999999999999999999999), (2, '/1/', N'Sales', 1000000), (3, '/1/1/', N'Vente', NULL),
 (255, '/2/', N'Personal', -1)
GO
CREATE TABLE hr.employees (
  id uniqueidentifier NOT NULL PRIMARY KEY,
  name nvarchar(80) NOT NULL,
  department tinyint NOT NULL,
  hired date NOT NULL,
  salary decimal(19,4) NULL,
  resume xml NULL,
  row_version rowversion NOT NULL
)
GO
INSERT INTO hr.employees (id, name, department, hired, salary, resume) VALUES
 ('6F9619FF-8B86-D011-B42D-00C04FC964FF', N'Ana Müller', 2, '2001-09-01', 81234.5678, N'<cv><lang>de</lang></cv>'),
 ('00000000-0000-0000-0000-000000000001', N'Bo Li 李', 3, '0001-01-01', NULL, NULL),
 ('FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', N'Çelik', 255, '9999-12-31', 0.0001, N'<cv note="a &amp; b"/>'),
 ('0E984725-C51C-4BF4-9960-E1C80E27ABA0', N'Dvořák', 2, '1582-10-10', -1.0000, N'<cv/>')
GO
CREATE TABLE hr.shifts (
  employee uniqueidentifier NOT NULL,
  starts time(0) NOT NULL,
  ends time(7) NULL,
  UNIQUE (employee, starts)
)
GO
INSERT INTO hr.shifts (employee, starts, ends) VALUES
 ('6F9619FF-8B86-D011-B42D-00C04FC964FF', '06:00:00', '14:00:00.0000001'),
 ('6F9619FF-8B86-D011-B42D-00C04FC964FF', '22:00:00', '23:59:59.9999999'),
 ('0E984725-C51C-4BF4-9960-E1C80E27ABA0', '00:00:00', NULL)
GO
CREATE TABLE ops.settings (
  name nvarchar(40) NOT NULL PRIMARY KEY,
  value sql_variant NULL,
  changed_at datetimeoffset(0) NULL
)
GO
INSERT INTO ops.settings (name, value, changed_at) VALUES (N'retries', CAST(3 AS int), '2024-01-01 00:00:00 +14:00')
GO
INSERT INTO ops.settings (name, value, changed_at)
VALUES (N'greeting', CAST(N'Grüß Gott' AS nvarchar(20)), '2024-01-01 00:00:00 -14:00')
GO
INSERT INTO ops.settings (name, value, changed_at) VALUES (N'ratio', CAST(0.25 AS decimal(5,2)), NULL)
GO
INSERT INTO ops.settings (name, value, changed_at) VALUES (N'nothing', NULL, '1900-01-01 00:00:00 +00:00')
GO
CREATE TABLE ops.devices (
  serial binary(8) NOT NULL PRIMARY KEY,
  model nchar(10) NOT NULL,
  firmware varbinary(20) NULL,
  manual text NULL
)
GO
INSERT INTO ops.devices (serial, model, firmware, manual) VALUES
 (0x0000000000000001, N'T-800', 0x01, 'read me'), (0xFFFFFFFFFFFFFFFF, N'扇風機', NULL, NULL),
 (0x00FF00FF00FF00FF, N'X', 0x, '')
GO
CREATE TABLE ops.audit_log (
  id bigint IDENTITY(1,1) NOT NULL PRIMARY KEY,
  at datetime2(7) NOT NULL,
  who sysname NOT NULL,
  what nvarchar(max) NULL
)
GO
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Everyone who ever bought something',
  @level0type = N'SCHEMA', @level0name = N'sales', @level1type = N'TABLE', @level1name = N'customers'
GO
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'Gross salary a year, in euro',
  @level0type = N'SCHEMA', @level0name = N'hr', @level1type = N'TABLE', @level1name = N'employees',
  @level2type = N'COLUMN', @level2name = N'salary'
