using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MiniTorch.Tests.Docs;
using MiniTorch.Tests.Files;

namespace MiniTorch.Tests.Packages;

/// <summary>The packages as a stranger gets them: packed from this build, restored from a folder into an empty cache, used by new projects.</summary>
[NonParallelizable]
public sealed class PackageTests
{
    private static readonly string[] s_projects =
        ["MiniTorch.Core", "MiniTorch.Nn", "MiniTorch.Onnx", "MiniTorch.Mpi", "MiniTorch.Numerics", "tools/MiniTorch.Templates"];
    private static readonly TemporaryFolder s_folder = new();

    [OneTimeSetUp]
    public static void Pack()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        foreach (string project in s_projects)
            Dotnet(RepositoryFiles.Root, "pack", project, "--no-build", "--configuration", configuration, "--output", s_folder["packages"],
                "--nologo");
        // What other packages need is taken from the user's cache, so that only what it lacks is fetched.
        File.WriteAllText(s_folder["nuget.config"], $"""
            <configuration>
              <packageSources><add key="packed" value="packages" /></packageSources>
              <fallbackPackageFolders><add key="cache" value="{UserCache()}" /></fallbackPackageFolders>
            </configuration>
            """);
    }

    [OneTimeTearDown]
    public static void Remove() => s_folder.Dispose();

    [TestCase("MiniTorch.Core", "MathNet.Numerics")]
    [TestCase("MiniTorch.Nn", "MiniTorch.Core")]
    [TestCase("MiniTorch.Onnx", "Google.Protobuf MiniTorch.Nn")]
    [TestCase("MiniTorch.Mpi", "MiniTorch.Nn")]
    [TestCase("MiniTorch.Numerics", "Microsoft.ML.DataView MiniTorch.Nn System.Numerics.Tensors")]
    public void A_package_has_what_a_package_should_have(string id, string dependencies)
    {
        using ZipArchive package = Open($"{id}.*.nupkg");
        string[] files = [.. package.Entries.Select(entry => entry.FullName)];
        files.ShouldContain($"lib/net10.0/{id}.dll");
        files.ShouldContain($"lib/net10.0/{id}.xml");
        files.ShouldContain("README.md");
        files.ShouldContain("icon.png");
        using (ZipArchive symbols = Open($"{id}.*.snupkg")) symbols.Entries.ShouldContain(entry => entry.FullName == $"lib/net10.0/{id}.pdb");

        XElement nuspec = XDocument.Load(package.GetEntry($"{id}.nuspec")!.Open()).Root!;
        XNamespace schema = nuspec.Name.Namespace;
        string Metadata(string name) => nuspec.Element(schema + "metadata")!.Element(schema + name)?.Value ?? "";
        Metadata("license").ShouldBe("MIT");
        Metadata("icon").ShouldBe("icon.png");
        Metadata("readme").ShouldBe("README.md");
        Metadata("description").Length.ShouldBeGreaterThan(20);
        Metadata("tags").ShouldContain("autograd");
        Metadata("repository").ShouldBeEmpty();
        nuspec.Descendants(schema + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Order().ShouldBe(dependencies.Split(' '));
    }

    [Test]
    public void Symbols_name_no_folder_of_the_machine_that_packed()
    {
        using ZipArchive symbols = Open("MiniTorch.Nn.*.snupkg");
        using var content = new MemoryStream();
        using (Stream stream = symbols.GetEntry("lib/net10.0/MiniTorch.Nn.pdb")!.Open()) stream.CopyTo(content);
        content.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(content);
        MetadataReader reader = provider.GetMetadataReader();
        string[] sources = [.. reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name))];
        sources.ShouldContain(source => source.EndsWith("/MiniTorch.Nn/Modules/Module.cs", StringComparison.Ordinal));
        sources.ShouldAllBe(source => source.StartsWith("/_", StringComparison.Ordinal));
    }

    [Test]
    public void A_new_project_that_refers_to_the_packages_trains()
    {
        Directory.CreateDirectory(s_folder["Consumer"]);
        File.WriteAllText(s_folder["Consumer/Consumer.csproj"], """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
              <ItemGroup><PackageReference Include="MiniTorch.Nn" Version="0.1.0" /><PackageReference Include="MiniTorch.Onnx" Version="0.1.0" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(s_folder["Consumer/Program.cs"], """
            using MiniTorch;
            using MiniTorch.IO;
            using MiniTorch.Nn;
            using MiniTorch.Optim;

            Generator.ManualSeed(0);
            Tensor x = Tensor.Linspace(-1, 1, 64).Reshape(64, 1), y = 3 * x + 0.5;
            var model = new Linear(1, 1);
            var optimizer = new Adam(model.Parameters(), lr: 0.1);
            for (int step = 0; step < 300; step++)
            {
                optimizer.ZeroGrad();
                Functional.MSELoss(model.Call(x), y).Backward();
                optimizer.Step();
            }
            Onnx.Export(model, x[..1], "line.onnx");
            Console.WriteLine(FormattableString.Invariant($"{model.Weight.Item<double>():F3} {model.Bias!.Item<double>():F3} {File.Exists("line.onnx")}"));
            """);
        Dotnet(s_folder["Consumer"], "run").ShouldEndWith("3.000 0.500 True\n");
    }

    [Test]
    public void The_package_warns_of_slips()
    {
        using (ZipArchive package = Open("MiniTorch.Nn.*.nupkg"))
            package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("analyzers/", StringComparison.Ordinal)).Order()
                .ShouldBe(["analyzers/dotnet/cs/MiniTorch.Analyzers.CodeFixes.dll", "analyzers/dotnet/cs/MiniTorch.Analyzers.dll"]);
        Directory.CreateDirectory(s_folder["Slip"]);
        File.WriteAllText(s_folder["Slip/Slip.csproj"], """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><PackageReference Include="MiniTorch.Nn" Version="0.1.0" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(s_folder["Slip/Slip.cs"], "class C { void M(MiniTorch.Tensor x) { x.Relu(); } }");
        Dotnet(s_folder["Slip"], "build", "-p:ErrorLog=slip.sarif").ShouldContain("Slip.cs(1,40): warning MT0001: 'Relu' returns a new tensor");
        string link = Regex.Match(File.ReadAllText(s_folder["Slip/slip.sarif"]), "\"helpUri\": *\"(file:[^\"]*MT0001.md)\"").Groups[1].Value;
        File.ReadAllText(new Uri(link).LocalPath).ShouldStartWith("# MT0001: ");
    }

    [Test]
    public void The_template_makes_a_project_that_trains()
    {
        Dotnet(s_folder[""], "new", "install", Directory.GetFiles(s_folder["packages"], "MiniTorch.Templates.*.nupkg").Single(),
            "--debug:custom-hive", s_folder["hive"]);
        Dotnet(s_folder[""], "new", "minitorch", "--output", "FirstSteps", "--no-update-check", "--debug:custom-hive", s_folder["hive"]);
        File.Exists(s_folder["FirstSteps/FirstSteps.csproj"]).ShouldBeTrue();
        string output = Dotnet(s_folder["FirstSteps"], "run");
        output.ShouldContain("epoch 100: loss 0.");
        string accuracy = output.Split('\n').Single(line => line.StartsWith("accuracy ", StringComparison.Ordinal));
        double.Parse(accuracy.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(0.98);
        File.Exists(s_folder["FirstSteps/model.safetensors"]).ShouldBeTrue();
        Directory.GetDirectories(s_folder["FirstSteps"]).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["bin", "obj"]);

        Dotnet(s_folder[""], "new", "minitorch", "--module", "--output", "Checked", "--no-update-check", "--debug:custom-hive", s_folder["hive"]);
        Dotnet(s_folder["Checked"], "test", "--nologo").ShouldContain("Passed:     2");
        string file = s_folder["Checked/Checked/SpiralNet.cs"], code = File.ReadAllText(file);
        File.WriteAllText(file, code.Replace("_fc3.Call(", "_fc3.Call(0.5 * _fc1.Call(x).Detach() + ", StringComparison.Ordinal));
        Should.Throw<Exception>(() => Dotnet(s_folder["Checked"], "test", "--nologo"))
            .Message.ShouldContain("Gradients_of_every_parameter_and_input_are_right");
    }

    private static ZipArchive Open(string pattern) => ZipFile.OpenRead(Directory.GetFiles(s_folder["packages"], pattern).Single());

    private static string UserCache() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Dotnet(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder };
        if (folder != RepositoryFiles.Root) start.Environment["NUGET_PACKAGES"] = s_folder["cache"];
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        return Command.Run(start);
    }
}
